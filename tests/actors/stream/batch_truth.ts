/**
 * What was published on one channel, and what follows from it for any reader: plain lists, searched
 * from one end to the other.
 *
 * @module
 */
import type { StoredEvent } from "../../../actors/ports.ts";
import { TOMBSTONE_MILLIS } from "../../../actors/stream/latest_states.ts";
import { type Channel, CHANNEL_SPECS } from "../../../protocol/channels.ts";
import { SEVERITIES } from "../../../protocol/events/attributes.ts";
import type { Filter } from "../../../protocol/v2/client_message.ts";

/** What a filter may look at. */
type Fields = Readonly<Partial<Record<"symbol" | "traderId" | "severity", string>>>;

/** The fields of the next event of a key. What is keyed never changes them; alerts do. */
export function fieldsOf(channel: Channel, key: string, seq: number): Fields {
  const symbol = `S${key.toUpperCase()}`;
  const traderId = key < "d" ? "t1" : "t2";
  if (channel === "market-data") return { symbol };
  if (channel === "positions") return { symbol, traderId };
  // The alert of f concerns all traders.
  return { severity: SEVERITIES[seq % 3]!, ...(key !== "f" && { traderId }) };
}

/** Whether a client that filters so wants an event, by the words of the contract. */
function admits(filter: Filter | undefined, event: StoredEvent): boolean {
  if (filter === undefined || event.ends === "removed") return true;
  const { symbol, traderId, severity } = fieldsOf(event.channel, event.key, event.seq);
  const { symbols, traderIds, minSeverity } = filter;
  if (symbols && symbol && !symbols.some((one) => one.toUpperCase() === symbol)) return false;
  if (traderIds && traderId && !traderIds.includes(traderId)) return false;
  if (minSeverity === undefined || severity === undefined) return true;
  return SEVERITIES.findIndex((one) => one === severity) >= SEVERITIES.indexOf(minSeverity);
}

/** One channel. */
export class ChannelTruth {
  readonly channel: Channel;
  readonly isLossless: boolean;
  /** Every event; number n stands at n - 1. */
  readonly events: StoredEvent[] = [];
  /** When each event was published, simulated ms. */
  readonly publishedAt: number[] = [];
  /** The highest number whose end may be unknown by now. */
  horizon = 0;
  readonly #ring: number;
  readonly #endedAt = new Map<string, number>();

  constructor(channel: Channel, ring: number) {
    this.channel = channel;
    this.isLossless = CHANNEL_SPECS[channel].lane === "lossless";
    this.#ring = ring;
  }

  get head(): number {
    return this.events.length;
  }

  /** The oldest number in the ring. */
  get oldest(): number {
    return Math.max(1, this.head - this.#ring + 1);
  }

  /** What a filtered client gets no event of, but a frame once so many numbers went by. */
  get emptyFrameRange(): number {
    return Math.min(256, this.#ring / 4);
  }

  event(seq: number): StoredEvent {
    return this.events[seq - 1]!;
  }

  add(event: StoredEvent, now: number): void {
    this.events.push(event);
    this.publishedAt.push(now);
    this.#endedAt.delete(event.key);
    if (event.ends !== undefined) this.#endedAt.set(event.key, now);
    for (const [key, endedAt] of this.#endedAt) {
      if (now - endedAt < TOMBSTONE_MILLIS) continue;
      this.horizon = Math.max(this.horizon, this.latest(this.head).get(key)!.seq);
      this.#endedAt.delete(key);
    }
  }

  /** The latest event of each key up to a number. */
  latest(upTo: number): Map<string, StoredEvent> {
    return new Map(this.events.slice(0, upTo).map((event) => [event.key, event]));
  }

  /** The table of a client that knows everything up to a number. */
  table(upTo: number, filter: Filter | undefined): Map<string, number> {
    const living = [...this.latest(upTo).values()].filter((event) =>
      event.ends === undefined && admits(filter, event)
    );
    return new Map(living.sort((a, b) => a.seq - b.seq).map(({ key, seq }) => [key, seq]));
  }

  /**
   * The numbers of a snapshot: the states, the latest event of each of the last alerts, or the newest
   * warnings that the ring had at the time.
   */
  snapshot(upTo: number, filter: Filter | undefined, limit: number): number[] {
    if (!this.isLossless) return [...this.table(upTo, filter).values()];
    if ((CHANNEL_SPECS[this.channel].snapshot === "latest-per-key")) {
      const latest = [...this.latest(upTo).values()].sort((a, b) => a.seq - b.seq);
      return latest.slice(-limit).filter((event) => admits(filter, event)).map(({ seq }) => seq);
    }
    const first = Math.max(1, upTo - Math.min(limit, this.#ring) + 1);
    return this.admitted(first, upTo, filter);
  }

  /** The numbers of a range that a filter lets through. */
  admitted(from: number, to: number, filter: Filter | undefined): number[] {
    return this.events.slice(from - 1, to).filter((event) => admits(filter, event))
      .map(({ seq }) => seq);
  }

  /** The numbers of a range that are the latest of their key, and pass. */
  conflated(from: number, to: number, filter: Filter | undefined): number[] {
    return [...this.latest(this.head).values()]
      .filter((event) => event.seq >= from && event.seq <= to && admits(filter, event))
      .map(({ seq }) => seq).sort((a, b) => a - b);
  }
}
