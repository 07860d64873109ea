/**
 * What turns a valid payload into the form that is numbered and sent.
 *
 * @module
 */
import type { ChannelDefinition } from "../channel_set.ts";
import type { Channel } from "../channels.ts";
import { type EventAttributes, readAttributes } from "./attributes.ts";

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

/** A draft with what folds read of it, so that nobody takes its JSON apart. */
export interface DraftedEvent {
  /** The event. */
  readonly draft: EventDraft;
  /** What filters read. */
  readonly attributes: EventAttributes;
  /** The outgoing `data` of an alert, whose status may be another when it is numbered. */
  readonly alert?: Readonly<Record<string, unknown>>;
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
  definition: ChannelDefinition,
  payload: Readonly<Record<string, unknown>>,
  nowEpochMillis: number,
): DraftedEvent {
  const { name: channel, fields, timeKey, keyField, closingStatus, nullable, filterFields } =
    definition;
  const { id, [timeKey]: given, ...rest } = payload as Record<string, unknown> & { id?: string };
  const time = typeof given === "string" ? given : new Date(nowEpochMillis).toISOString();
  const key = id ?? String(rest[keyField!]).toUpperCase();
  const closed = closingStatus !== undefined && rest["status"] === closingStatus;
  if (closingStatus !== undefined && fields.has("isActive")) rest["isActive"] ??= !closed;
  const start = { id: key, ...nullable };
  // JSON leaves out keys whose value is undefined: absent values are omitted on the wire.
  const outgoing = { ...start, ...rest, [timeKey]: time, timestamp: Date.parse(time) };
  const attributes = readAttributes(outgoing, filterFields);
  const { traderId: trader } = attributes;
  const draft: EventDraft = {
    channel,
    key,
    data: JSON.stringify(outgoing),
    time,
    ...(trader !== undefined && { trader }),
    ...(closed && { ends: "closed" }),
  };
  return definition.alerts ? { draft, attributes, alert: outgoing } : { draft, attributes };
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
