/**
 * What v2 clients send. Unknown keys are faults: a filter with a mistyped name would silently let
 * everything through.
 *
 * @module
 */
import { z } from "zod";
import { boundedList, boundedText } from "../bounded.ts";
import { type ChannelSet, PRODUCT_CHANNELS } from "../channel_set.ts";
import type { Channel } from "../channels.ts";
import {
  clipMessage,
  echoableId,
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_MESSAGE_ID_LENGTH,
  readAction,
} from "../client_action.ts";
import { SEVERITIES } from "../events/attributes.ts";
import { MAX_ID_LENGTH } from "../events/fields.ts";
import { joinPath } from "../publish.ts";

/** Longest `intervalMs`, in ms: one minute. */
export const MAX_INTERVAL_MILLIS = 60_000;

/** Most values in one list of a filter. */
export const MAX_FILTER_VALUES = 256;

/** Most alerts acknowledged by one message. */
export const MAX_ACKNOWLEDGED_ALERTS = 100;

const Id = boundedText(1, MAX_ID_LENGTH);
const Values = boundedList(Id, 1, MAX_FILTER_VALUES);

/**
 * Which events of a channel a client wants. Conditions are joined by "and"; one about something that
 * an event does not have (a trader on an alert that concerns all of them) does not exclude it.
 */
export const Filter = z.strictObject({
  symbols: Values.optional(),
  traderIds: Values.optional(),
  minSeverity: z.enum(SEVERITIES).optional(),
});

/** Which events of a channel a client wants. */
export type Filter = z.infer<typeof Filter>;

/** The position in a channel that a client has reached; its epoch is bounded, as it is input. */
export const ReachedPosition = z.strictObject({
  epoch: boundedText(1, 128),
  seq: z.int().min(0),
});

/** One channel of a subscription, in its long form. */
export const SubscriptionOptions = z.strictObject({
  name: boundedText(0, 128),
  since: ReachedPosition.optional(),
  snapshot: z.boolean().optional(),
  filter: Filter.optional(),
  intervalMs: z.int().min(0).max(MAX_INTERVAL_MILLIS).optional(),
  conflate: z.boolean().optional(),
});

const MessageId = boundedText(1, MAX_MESSAGE_ID_LENGTH).optional();
const Names = boundedList(boundedText(0, 128), 1, MAX_CHANNEL_NAMES);

/** `{"id":"1","action":"subscribe","channels":[…]}` */
export const SubscribeMessageV2 = z.strictObject({
  id: MessageId,
  action: z.literal("subscribe"),
  // A plain string is the short form.
  channels: boundedList(
    z.preprocess((one) => typeof one === "string" ? { name: one } : one, SubscriptionOptions),
    1,
    MAX_CHANNEL_NAMES,
  ),
});

/** `{"id":"2","action":"unsubscribe","channels":[…]}` */
export const UnsubscribeMessageV2 = z.strictObject({
  id: MessageId,
  action: z.literal("unsubscribe"),
  channels: Names,
});

/** `{"action":"heartbeat"}` */
export const HeartbeatMessageV2 = z.strictObject({ id: MessageId, action: z.literal("heartbeat") });

/** `{"id":"3","action":"acknowledge","alerts":[{"id":"…","seq":17}]}` */
export const AcknowledgeMessage = z.strictObject({
  id: MessageId,
  action: z.literal("acknowledge"),
  alerts: boundedList(
    z.strictObject({ id: Id, seq: z.int().min(1).optional() }),
    1,
    MAX_ACKNOWLEDGED_ALERTS,
  ),
});

const SCHEMAS = {
  subscribe: SubscribeMessageV2,
  unsubscribe: UnsubscribeMessageV2,
  heartbeat: HeartbeatMessageV2,
  acknowledge: AcknowledgeMessage,
} as const;

/** What a client wants of one channel. */
export interface ChannelSubscription {
  readonly channel: Channel;
  /** The place to go on from. */
  readonly since?: { readonly epoch: string; readonly seq: number };
  /** Whether to begin with the latest states. */
  readonly snapshot: boolean;
  /** Which events; all when absent. */
  readonly filter?: Filter;
  /** Shortest time between two batches, in ms; 0 is the flush interval of the gateway. */
  readonly intervalMs: number;
  /** Whether only the latest event per key and batch is wanted. */
  readonly conflate: boolean;
}

/** A message of a v2 client, its channels by their wire names. */
export type ClientMessageV2 =
  & { readonly id?: string }
  & (
    | { readonly action: "subscribe"; readonly subscriptions: readonly ChannelSubscription[] }
    | { readonly action: "unsubscribe"; readonly channels: readonly Channel[] }
    | { readonly action: "heartbeat" }
    | {
      readonly action: "acknowledge";
      readonly alerts: readonly { readonly id: string; readonly seq?: number }[];
    }
  );

/** Why a message of a v2 client was not understood; nothing of it was done. */
export interface ClientFaultV2 {
  /** The `code` of the `error` that answers it. */
  readonly code: "invalid_payload" | "invalid_channels" | "unknown_action" | "too_large";
  /** For people: what is wrong and what is expected. */
  readonly message: string;
  /** The `id` of the message, if it has one. */
  readonly id?: string;
}

/** The outcome of {@link parseClientMessageV2}. */
export type ClientMessageV2Result =
  | { readonly ok: true; readonly message: ClientMessageV2 }
  | { readonly ok: false; readonly fault: ClientFaultV2 };

/** What v2 clients can ask for. */
export const V2_ACTIONS = ["subscribe", "unsubscribe", "heartbeat", "acknowledge"] as const;

/** Reads one text frame of a v2 client. Never throws. */
export function parseClientMessageV2(
  text: string,
  known: ChannelSet = PRODUCT_CHANNELS,
): ClientMessageV2Result {
  const read = readAction(text, MAX_CLIENT_MESSAGE_LENGTH, V2_ACTIONS);
  if (!read.ok) return read;
  const id = echoableId(read.value["id"]);
  const correlation = id === undefined ? {} : { id };
  const parsed = SCHEMAS[read.value.action].safeParse(read.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const path = issue.path.reduce(joinPath, "");
    const message = path === "" ? issue.message : `${path}: ${issue.message}`;
    return reject("invalid_payload", message, id);
  }
  const message = parsed.data;
  switch (message.action) {
    case "subscribe": {
      const fault = findFault(known, message.channels.map(({ name }) => name), true);
      if (fault !== undefined) return reject("invalid_channels", fault, id);
      const subscriptions = message.channels.map((one) => toSubscription(known, one));
      return { ok: true, message: { ...correlation, action: "subscribe", subscriptions } };
    }
    case "unsubscribe": {
      const fault = findFault(known, message.channels, false);
      if (fault !== undefined) return reject("invalid_channels", fault, id);
      const channels = known.select(message.channels).known;
      return { ok: true, message: { ...correlation, action: "unsubscribe", channels } };
    }
    case "acknowledge": {
      const alerts = message.alerts.map(({ id, seq }) => seq === undefined ? { id } : { id, seq });
      return { ok: true, message: { ...correlation, action: "acknowledge", alerts } };
    }
    case "heartbeat":
      return { ok: true, message: { ...correlation, action: "heartbeat" } };
  }
}

/** Most names that are echoed. */
const MAX_ECHOED_NAMES = 5;

/** What is wrong with a list of names; nothing of a message is done when one of them is. */
function findFault(
  channels: ChannelSet,
  names: readonly string[],
  once: boolean,
): string | undefined {
  const { known, unknown } = channels.select(names);
  if (unknown.length > 0) {
    const shown = unknown.slice(0, MAX_ECHOED_NAMES).map((name) => JSON.stringify(name));
    return `unknown: ${shown.join(", ")}; nothing was changed; known are ${channels.list}`;
  }
  return once && known.length < names.length ? "a channel is named twice" : undefined;
}

function toSubscription(
  channels: ChannelSet,
  options: z.infer<typeof SubscriptionOptions>,
): ChannelSubscription {
  const { name, since, snapshot = false, filter, intervalMs = 0, conflate = false } = options;
  return {
    channel: channels.parse(name)!,
    snapshot,
    intervalMs,
    conflate,
    ...(since !== undefined && { since }),
    ...(filter !== undefined && Object.keys(filter).length > 0 && { filter }),
  };
}

function reject(
  code: ClientFaultV2["code"],
  message: string,
  id: string | undefined,
): ClientMessageV2Result {
  const fault = { code, message: clipMessage(message) };
  return { ok: false, fault: id === undefined ? fault : { ...fault, id } };
}
