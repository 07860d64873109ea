/**
 * What turns a valid payload into the form that is numbered and sent.
 *
 * @module
 */
import type { ChannelDefinition } from "../channel_set.ts";
import type { Channel } from "../channels.ts";

/** A validated event before it has a number. */
export interface EventDraft {
  /** The channel it belongs to. */
  readonly channel: Channel;
  /** What it is the latest state of: the `id` of its payload. */
  readonly key: string;
  /**
   * Whether it ends its key: `closed` (a closed position, which clients see), `removed` (taken out
   * of the snapshot; it has no payload).
   */
  readonly ends?: "closed" | "removed";
  /**
   * The outgoing `data` as JSON: the payload with its defaults, and as its last two keys its ISO
   * time and `timestamp` (epoch ms).
   */
  readonly data: string;
  /** The ISO time of the payload. */
  readonly time: string;
  /** The trader that it names; absent when it names none. */
  readonly trader?: string;
}

/**
 * Completes a valid payload: the time defaults to now, a market's `id` to its symbol in upper case, a
 * position is active unless it is closed, an alert without a trader has `traderId: null`, and
 * `timestamp` repeats the time as epoch milliseconds.
 *
 * @param channel The channel that the payload was validated for.
 * @param payload The output of that channel's schema.
 * @param nowEpochMillis The time that stands in for an absent one, in epoch ms.
 */
export function draftEvent(
  { name: channel, fields, timeKey, keyField, closingStatus, nullable, filterFields }:
    ChannelDefinition,
  payload: Readonly<Record<string, unknown>>,
  nowEpochMillis: number,
): EventDraft {
  const { id, [timeKey]: given, ...rest } = payload as Record<string, unknown> & { id?: string };
  const time = typeof given === "string" ? given : new Date(nowEpochMillis).toISOString();
  const key = id ?? String(rest[keyField!]).toUpperCase();
  const closed = closingStatus !== undefined && rest["status"] === closingStatus;
  if (closingStatus !== undefined && fields.has("isActive")) rest["isActive"] ??= !closed;
  const start = { id: key, ...nullable };
  // JSON leaves out keys whose value is undefined: absent values are omitted on the wire.
  const data = JSON.stringify({ ...start, ...rest, [timeKey]: time, timestamp: Date.parse(time) });
  const named = filterFields.trader === "id" ? key : rest[filterFields.trader ?? ""];
  const draft = { channel, key, data, time, ...(typeof named === "string" && { trader: named }) };
  return closed ? { ...draft, ends: "closed" } : draft;
}

/** The draft of a removal: the key leaves the snapshot, its number is accounted for. */
export function draftRemoval(
  { name: channel, filterFields }: ChannelDefinition,
  key: string,
  nowEpochMillis: number,
): EventDraft {
  const time = new Date(nowEpochMillis).toISOString();
  return {
    channel,
    key,
    ends: "removed",
    data: removalData(key),
    time,
    ...(filterFields.trader === "id" && { trader: key }),
  };
}

/** The outgoing `data` of a removal. */
export function removalData(key: string): string {
  return JSON.stringify({ id: key, removed: true });
}
