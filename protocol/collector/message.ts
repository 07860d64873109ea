/**
 * What publishers and the gateway say to each other on `/ws/collector`. The words are those of v2.
 *
 * @module
 */
import { z } from "zod";
import { exceedsUtf8Bytes } from "../batch_builder.ts";
import { boundedList, boundedText } from "../bounded.ts";
import { type ChannelSet, PRODUCT_CHANNELS } from "../channel_set.ts";
import type { Channel } from "../channels.ts";
import {
  type ActionFault,
  clipMessage,
  echoableId,
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_MESSAGE_ID_LENGTH,
  readAction,
} from "../client_action.ts";
import { type ErrorCode, type ErrorCodeOf, errorCodesOf, socketCodeOf } from "../errors.ts";
import { splitMessage } from "./frame.ts";
import type { Elements } from "../json_scan.ts";
import { joinPath } from "../publish.ts";
import { GoingAwayV2, HeartbeatV2 } from "../v2/server_message.ts";

/** The subprotocol of publishers; it need not be offered. */
export const COLLECTOR_PROTOCOL = "telemetry.collector";

const MessageId = boundedText(1, MAX_MESSAGE_ID_LENGTH);

/**
 * `{"id":"7","action":"publish","events":[…]}`: the events are parsed one by one afterwards, so that
 * each fault names its place and the loop is not held.
 */
export const PublishMessage = z.strictObject({
  id: MessageId,
  action: z.literal("publish"),
  events: z.array(z.unknown()),
});

/** `{"action":"heartbeat","channels":["market-data"]}`: the publisher of these channels is alive. */
export const CollectorHeartbeat = z.strictObject({
  id: MessageId.optional(),
  action: z.literal("heartbeat"),
  channels: boundedList(boundedText(0, 128), 0, MAX_CHANNEL_NAMES).optional(),
});

/** A message of a publisher, its channels by their wire names and each once. */
export type CollectorMessage =
  | { readonly action: "publish"; readonly id: string; readonly events: Elements }
  | { readonly action: "heartbeat"; readonly id?: string; readonly channels: readonly Channel[] };

/** The outcome of {@link parseCollectorMessage}; of a faulty message nothing was done. */
export type CollectorMessageResult =
  | { readonly ok: true; readonly message: CollectorMessage }
  | { readonly ok: false; readonly fault: ActionFault };

const SCHEMAS = { publish: PublishMessage, heartbeat: CollectorHeartbeat } as const;
/** What publishers can ask for. */
export const COLLECTOR_ACTIONS = ["publish", "heartbeat"] as const;

/**
 * Reads one text frame of a publisher, all but its events. Never throws.
 *
 * @param maxBytes Longest accepted frame, in bytes.
 * @param maxEvents Most events in a batch; of a larger one they are only counted.
 * @param known The channels that there are.
 */
export function parseCollectorMessage(
  text: string,
  maxBytes: number,
  maxEvents: number,
  known: ChannelSet = PRODUCT_CHANNELS,
): CollectorMessageResult {
  if (exceedsUtf8Bytes(text, maxBytes)) {
    return fault("too_large", `a message may have ${maxBytes} bytes`);
  }
  const frame = splitMessage(text, maxEvents);
  if (frame === undefined) return fault("invalid_payload", "not JSON");
  const { envelope, events } = frame;
  if (envelope.length > MAX_CLIENT_MESSAGE_LENGTH) {
    const room = `${MAX_CLIENT_MESSAGE_LENGTH} characters beside its events`;
    return fault("invalid_payload", `expected an object of at most ${room}`);
  }
  const read = readAction(envelope, MAX_CLIENT_MESSAGE_LENGTH, COLLECTOR_ACTIONS);
  if (!read.ok) return read;
  const id = echoableId(read.value["id"]);
  const parsed = SCHEMAS[read.value.action].safeParse(read.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const path = issue.path.reduce(joinPath, "");
    return fault("invalid_payload", path === "" ? issue.message : `${path}: ${issue.message}`, id);
  }
  const { data } = parsed;
  if (data.action === "publish") {
    if (events === undefined) {
      return fault("invalid_payload", 'events: write this key plainly, as "events"', id);
    }
    return { ok: true, message: { action: data.action, id: data.id, events } };
  }
  const { action, channels: names = [] } = data;
  const channels = new Set<Channel>();
  for (const [index, name] of names.entries()) {
    const channel = known.parse(name);
    if (channel === undefined) {
      const message = `channels[${index}]: unknown channel; use one of ${known.list}`;
      return fault("invalid_payload", message, id);
    }
    channels.add(channel);
  }
  const message = { action, channels: [...channels], ...(id !== undefined && { id }) };
  return { ok: true, message };
}

function fault(
  code: ActionFault["code"],
  message: string,
  id?: string,
): { readonly ok: false; readonly fault: ActionFault } {
  const fault = { code, message: clipMessage(message) };
  return { ok: false, fault: id === undefined ? fault : { ...fault, id } };
}

/** The first message of every connection: the limits that hold on it. */
export const CollectorWelcome = z.object({
  type: z.literal("welcome"),
  protocol: z.literal(COLLECTOR_PROTOCOL),
  version: z.string(),
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
    PRODUCT_CHANNELS.wireName(),
    z.object({ epoch: z.string(), seq: z.int().min(1) }),
  ),
  ignored: z.array(z.string()).readonly().optional(),
});

/** The codes of an `error`. */
export const COLLECTOR_ERROR_CODES = errorCodesOf("collector");

/** A code of an `error`. */
export type CollectorErrorCode = ErrorCodeOf<"collector">;

/** Why nothing of a message was done; the connection stays open. */
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

/** The code for a code of the REST envelope; what has none here is `unavailable`. */
export function collectorErrorCode(code: ErrorCode): CollectorErrorCode {
  return socketCodeOf(code, "collector") ?? "unavailable";
}
