/**
 * The payload schema of each channel, and what turns a valid payload into the form that is numbered
 * and sent.
 *
 * @module
 */
import type { z } from "zod";
import { type Channel, CHANNEL_SPECS, specOf } from "../channels.ts";

/**
 * The schema of each channel's payload: the fields that the gateway knows. What comes from outside is
 * read by `readPayload` of `intake.ts` first.
 */
export const PAYLOADS = {
  "risk-alerts": CHANNEL_SPECS["risk-alerts"].payload,
  "system-warnings": CHANNEL_SPECS["system-warnings"].payload,
  "trader-status": CHANNEL_SPECS["trader-status"].payload,
  "positions": CHANNEL_SPECS["positions"].payload,
  "market-data": CHANNEL_SPECS["market-data"].payload,
} as const satisfies Readonly<Record<Channel, z.ZodType>>;

/** A payload of any channel, as published. */
export type Payload = z.infer<(typeof PAYLOADS)[Channel]>;

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
}

/**
 * Completes a valid payload: the time defaults to now, a market's `id` to its symbol in upper case, a
 * position is active unless it is closed, an alert without a trader has `traderId: null`, and
 * `timestamp` repeats the time as epoch milliseconds.
 *
 * @param channel The channel that the payload was validated for.
 * @param payload The output of that channel's schema in {@link PAYLOADS}.
 * @param nowEpochMillis The time that stands in for an absent one, in epoch ms.
 */
export function draftEvent(channel: Channel, payload: Payload, nowEpochMillis: number): EventDraft {
  const { timeKey, keyField, closingStatus, nullable } = specOf(channel);
  const { id, [timeKey]: given, ...rest } = payload as Record<string, unknown> & { id?: string };
  const time = typeof given === "string" ? given : new Date(nowEpochMillis).toISOString();
  const key = id ?? String(rest[keyField!]).toUpperCase();
  const closed = closingStatus !== undefined && rest["status"] === closingStatus;
  if (closingStatus !== undefined) rest["isActive"] ??= !closed;
  const start = { id: key, ...nullable };
  // JSON leaves out keys whose value is undefined: absent values are omitted on the wire.
  const data = JSON.stringify({ ...start, ...rest, [timeKey]: time, timestamp: Date.parse(time) });
  const draft = { channel, key, data, time };
  return closed ? { ...draft, ends: "closed" } : draft;
}

/** The draft of a removal: the key leaves the snapshot, its number is accounted for. */
export function draftRemoval(channel: Channel, key: string, nowEpochMillis: number): EventDraft {
  const time = new Date(nowEpochMillis).toISOString();
  return { channel, key, ends: "removed", data: JSON.stringify({ id: key, removed: true }), time };
}
