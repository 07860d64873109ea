/**
 * A batch on its way between threads: one flat list of values. Objects would carry the names of
 * their fields along, each of them, which costs twice as much as everything else.
 *
 * @module
 */
import type { StoredEvent, StoredIdentity } from "../../ports.ts";

type Value = string | number | null;

/** Values of an event. */
const EVENT_VALUES = 9;

/** Values of an identity. */
const IDENTITY_VALUES = 6;

/** A batch and its identities. */
export interface PackedBatch {
  /** The fields of the events, one after the other. */
  readonly events: readonly Value[];
  /** The fields of the identities, one after the other. */
  readonly identities: readonly Value[];
}

/** Makes a list of a batch. */
export function packBatch(
  batch: readonly StoredEvent[],
  identities: readonly StoredIdentity[],
): PackedBatch {
  const events: Value[] = [];
  for (const event of batch) {
    const { channel, seq, key, ends, timestamp, time, data, trader, previousTrader } = event;
    events.push(channel, seq, key, ends ?? null, timestamp, time, data);
    events.push(trader ?? null, previousTrader ?? null);
  }
  const others: Value[] = [];
  for (const { channel, seq, principal, eventId, digest, expiresAt } of identities) {
    others.push(channel, seq, principal, eventId, digest, expiresAt);
  }
  return { events, identities: others };
}

/** Makes a batch of a list. */
export function unpackBatch(packed: PackedBatch): [StoredEvent[], StoredIdentity[]] {
  const { events, identities } = packed;
  const batch: StoredEvent[] = [];
  for (let at = 0; at < events.length; at += EVENT_VALUES) {
    const ends = events[at + 3];
    const trader = events[at + 7];
    const previousTrader = events[at + 8];
    batch.push(
      {
        channel: events[at],
        seq: events[at + 1],
        key: events[at + 2],
        ...(ends !== null && { ends }),
        timestamp: events[at + 4],
        time: events[at + 5],
        data: events[at + 6],
        ...(trader !== null && { trader }),
        ...(previousTrader !== null && { previousTrader }),
      } as StoredEvent,
    );
  }
  const others: StoredIdentity[] = [];
  for (let at = 0; at < identities.length; at += IDENTITY_VALUES) {
    others.push(
      {
        channel: identities[at],
        seq: identities[at + 1],
        principal: identities[at + 2],
        eventId: identities[at + 3],
        digest: identities[at + 4],
        expiresAt: identities[at + 5],
      } as StoredIdentity,
    );
  }
  return [batch, others];
}
