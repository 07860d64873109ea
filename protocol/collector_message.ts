/**
 * What publishers and the gateway say to each other on `/ws/collector`. The words are those of v2.
 *
 * @module
 */
import { z } from "zod";
import type { ErrorCode } from "./api.ts";
import { type Channel, ChannelName, CHANNELS } from "./channels.ts";
import {
  type ActionFault,
  echoableId,
  MAX_CHANNEL_NAMES,
  MAX_MESSAGE_ID_LENGTH,
  readAction,
} from "./client_action.ts";
import { exceedsBytes, joinPath } from "./publish.ts";
import { GoingAwayV2, HeartbeatV2 } from "./server_message_v2.ts";

/** The subprotocol of publishers; it need not be offered. */
export const COLLECTOR_PROTOCOL = "telemetry.collector";

const MessageId = z.string().min(1).max(MAX_MESSAGE_ID_LENGTH);

/**
 * `{"id":"7","action":"publish","events":[…]}`: the events are looked at one by one afterwards, so
 * that each fault names its place.
 */
export const PublishMessage = z.strictObject({
  id: MessageId,
  action: z.literal("publish"),
  events: z.array(z.unknown()),
});

/** `{"action":"heartbeat","channels":["market-data"]}`: the publisher of these channels lives. */
export const CollectorHeartbeat = z.strictObject({
  id: MessageId.optional(),
  action: z.literal("heartbeat"),
  channels: z.array(ChannelName).max(MAX_CHANNEL_NAMES).optional(),
});

/** A message of a publisher, its channels by their wire names and each once. */
export type CollectorMessage =
  | { readonly action: "publish"; readonly id: string; readonly events: readonly unknown[] }
  | { readonly action: "heartbeat"; readonly id?: string; readonly channels: readonly Channel[] };

/** The outcome of {@link parseCollectorMessage}; of a faulty message nothing was done. */
export type CollectorMessageResult =
  | { readonly ok: true; readonly message: CollectorMessage }
  | { readonly ok: false; readonly fault: ActionFault };

const SCHEMAS = { publish: PublishMessage, heartbeat: CollectorHeartbeat } as const;
const ACTIONS = ["publish", "heartbeat"] as const;

/**
 * Reads one text frame of a publisher. Never throws.
 *
 * @param maxBytes Longest accepted frame, in bytes.
 */
export function parseCollectorMessage(text: string, maxBytes: number): CollectorMessageResult {
  if (exceedsBytes(text, maxBytes)) {
    return {
      ok: false,
      fault: { code: "too_large", message: `a message may have ${maxBytes} bytes` },
    };
  }
  const read = readAction(text, maxBytes, ACTIONS);
  if (!read.ok) return read;
  const parsed = SCHEMAS[read.value.action].safeParse(read.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const path = issue.path.reduce(joinPath, "");
    const message = path === "" ? issue.message : `${path}: ${issue.message}`;
    const id = echoableId(read.value["id"]);
    return {
      ok: false,
      fault: { code: "invalid_payload", message, ...(id !== undefined && { id }) },
    };
  }
  const { data } = parsed;
  if (data.action === "publish") return { ok: true, message: data };
  const { action, id, channels = [] } = data;
  const message = { action, channels: [...new Set(channels)], ...(id !== undefined && { id }) };
  return { ok: true, message };
}

/** The first message of every connection: the limits that hold on it. */
export const CollectorWelcome = z.object({
  type: z.literal("welcome"),
  protocol: z.literal(COLLECTOR_PROTOCOL),
  clientId: z.string(),
  connectionId: z.string(),
  heartbeatIntervalSeconds: z.number(),
  maxBatchEvents: z.int(),
  maxMessageBytes: z.int(),
  maxPendingPublishes: z.int(),
  timestamp: z.int(),
});

/** The answer to a publication, after its commit. */
export const CollectorAck = z.object({
  type: z.literal("ack"),
  id: z.string(),
  ok: z.literal(true),
  accepted: z.int().min(0),
  duplicates: z.int().min(0),
  last: z.partialRecord(
    z.enum(CHANNELS),
    z.object({ epoch: z.string(), seq: z.int().min(1) }),
  ),
  ignored: z.array(z.string()).readonly().optional(),
});

/** The codes of an `error`. */
export const COLLECTOR_ERROR_CODES = [
  "invalid_payload",
  "unknown_action",
  "too_large",
  "invalid_events",
  "event_id_reused",
  "snapshot_full",
  "forbidden",
  "rate_limited",
  "overloaded",
  "unavailable",
] as const;

/** A code of an `error`. */
export type CollectorErrorCode = (typeof COLLECTOR_ERROR_CODES)[number];

/** Why nothing of a message was done; the connection lives on. */
export const CollectorError = z.object({
  type: z.literal("error"),
  id: z.string().optional(),
  code: z.enum(COLLECTOR_ERROR_CODES),
  message: z.string(),
  retryAfterMs: z.int().min(0).optional(),
  faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** Any message to a publisher. */
export const CollectorServerMessage = z.discriminatedUnion("type", [
  CollectorWelcome,
  CollectorAck,
  CollectorError,
  HeartbeatV2,
  GoingAwayV2,
]);

/** Any message to a publisher. */
export type CollectorServerMessage = z.infer<typeof CollectorServerMessage>;

/** Writes a message. Keys whose value is `undefined` are left out. */
export function encodeCollector(message: CollectorServerMessage): string {
  return JSON.stringify(message);
}

const ERROR_WORDS: Readonly<Partial<Record<ErrorCode, CollectorErrorCode>>> = {
  PAYLOAD_TOO_LARGE: "too_large",
  INVALID_EVENTS: "invalid_events",
  EVENT_ID_REUSED: "event_id_reused",
  SNAPSHOT_FULL: "snapshot_full",
  FORBIDDEN: "forbidden",
  OVERLOADED: "overloaded",
};

/** The word for a code of the error envelope; what has none of its own is `unavailable`. */
export function collectorErrorCode(code: ErrorCode): CollectorErrorCode {
  return ERROR_WORDS[code] ?? "unavailable";
}
