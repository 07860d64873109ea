/**
 * What the gateway sends to v2 clients. Keys stand in the order in which they are written. Decoders
 * should ignore keys that they do not know.
 *
 * @module
 */
import { z } from "zod";
import { PRODUCT_CHANNELS } from "../channel_set.ts";
import { type ErrorCodeOf, errorCodesOf } from "../errors.ts";
import { AcknowledgedAlert } from "../rest/publishing.ts";
import { StreamPosition } from "../stream_position.ts";

/** The subprotocol of v2. */
export const PROTOCOL_V2 = "telemetry.v2";

const ChannelField = PRODUCT_CHANNELS.wireName();
const Seq = z.int().min(0);
const MessageId = z.string().optional();

/** An event with its number; `timestamp` is the time of its acceptance, epoch ms. */
export const EventV2 = z.object({
  seq: z.int().min(1),
  timestamp: z.int(),
  data: z.looseObject({ id: z.string() }),
});

/** An event with its number. */
export type EventV2 = z.infer<typeof EventV2>;

/**
 * What a client of this protocol may ask for here. Features are only added: a client looks for the
 * name of one that is younger than the oldest gateway that it is to work with.
 */
export const FEATURES_V2 = [
  "acknowledge",
  "conflate",
  "filter",
  "interval",
  "resume",
  "snapshot",
  "status",
] as const;

/**
 * The first message of every connection: `version` is that of the gateway, `features` has names of
 * {@link FEATURES_V2} and of gateways to come.
 */
export const WelcomeV2 = z.object({
  type: z.literal("welcome"),
  protocol: z.literal(PROTOCOL_V2),
  version: z.string(),
  features: z.array(z.string()),
  clientId: z.string(),
  connectionId: z.string(),
  heartbeatIntervalSeconds: z.number(),
  rateLimitPerSecond: z.number(),
  flushIntervalMs: z.number(),
  timestamp: z.int(),
});

/**
 * Where a subscription begins. `recovered` answers `since`: whether everything after it follows.
 * `lost` counts what does not, where that can be known.
 */
export const AckedChannel = z.object({
  ...StreamPosition.unwrap().shape,
  recovered: z.boolean().optional(),
  lost: z.int().min(0).optional(),
});

/** Where a subscription begins. */
export type AckedChannel = z.infer<typeof AckedChannel>;

/** The answer to a request that was carried out; it repeats the `id`. */
export const AckV2 = z.object({
  type: z.literal("ack"),
  id: MessageId,
  ok: z.literal(true),
  channels: z.partialRecord(ChannelField, AckedChannel).optional(),
  alerts: z.array(AcknowledgedAlert).optional(),
});

/** A part of the latest states; the table it builds replaces the client's. */
export const SnapshotV2 = z.object({
  type: z.literal("snapshot"),
  channel: ChannelField,
  epoch: z.string(),
  seq: Seq,
  events: z.array(EventV2),
  last: z.boolean(),
});

/** A batch that accounts for every number of its range. */
export const EventsV2 = z.object({
  type: z.literal("events"),
  channel: ChannelField,
  from: z.int().min(1),
  to: z.int().min(1),
  skipped: z.int().min(0),
  filtered: z.int().min(0),
  replay: z.boolean(),
  events: z.array(EventV2),
}).refine(
  ({ from, to, skipped, filtered, events }) => events.length + skipped + filtered === to - from + 1,
  { error: "the range is not accounted for" },
);

/** The states of a channel. */
export const CHANNEL_STATES = ["fresh", "stale", "degraded"] as const;

/** The state of a channel: its publisher is alive or silent, or events are refused. */
export type ChannelState = (typeof CHANNEL_STATES)[number];

/** The publisher of a channel went silent or is back; `lastEventAt` is ISO-8601. */
export const StatusV2 = z.object({
  type: z.literal("status"),
  channel: ChannelField,
  state: z.enum(CHANNEL_STATES),
  lastEventAt: z.string().nullable(),
});

/** A heartbeat: `server` for the periodic one, `ack` for the answer to a client's. */
export const HeartbeatV2 = z.object({
  type: z.literal("heartbeat"),
  id: MessageId,
  direction: z.enum(["server", "ack"]),
  timestamp: z.int(),
});

/** The codes of an `error`. */
export const ERROR_CODES_V2 = errorCodesOf("v2");

/** A code of an `error`. */
export type ErrorCodeV2 = ErrorCodeOf<"v2">;

/**
 * What was wrong with a request; nothing of it was done; the connection stays open. With
 * `scope_changed` nothing was asked: the subscription of `channel` has ended.
 */
export const ErrorV2 = z.object({
  type: z.literal("error"),
  id: MessageId,
  code: z.enum(ERROR_CODES_V2),
  channel: ChannelField.optional(),
  message: z.string(),
  retryAfterMs: z.int().min(0).optional(),
});

/** The connection is about to be closed with 1001; come back after so many ms. */
export const GoingAwayV2 = z.object({
  type: z.literal("going_away"),
  reconnectAfterMs: z.int().min(0),
});

/** Any message to a v2 client. */
export const ServerMessageV2 = z.discriminatedUnion("type", [
  WelcomeV2,
  AckV2,
  SnapshotV2,
  EventsV2,
  StatusV2,
  HeartbeatV2,
  ErrorV2,
  GoingAwayV2,
]);

/** Any message to a v2 client. */
export type ServerMessageV2 = z.infer<typeof ServerMessageV2>;

/**
 * Writes a message that carries no events; those are written by the encoder of the data plane. Keys
 * whose value is `undefined` are left out.
 */
export function encodeV2(
  message: Exclude<ServerMessageV2, { type: "events" | "snapshot" }>,
): string {
  return JSON.stringify(message);
}
