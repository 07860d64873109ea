/**
 * What v1 clients send. Keys that a message does not need are ignored, as the replaced service
 * ignored them.
 *
 * @module
 */
import { z } from "zod";
import { boundedList, boundedText } from "../bounded.ts";
import {
  clipMessage,
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  readAction,
} from "../client_action.ts";

const Names = boundedList(boundedText(0, 128), 0, MAX_CHANNEL_NAMES);

/** A switch as clients write it, also as text. */
const Switch = z.union([
  z.boolean(),
  boundedText(0, 5).regex(/^(?:true|false)$/i).transform((text) => text.toLowerCase() === "true"),
]);

/** `{"action":"subscribe","channels":[…],"replay":true}` */
export const SubscribeMessage = z.object({
  action: z.literal("subscribe"),
  channels: Names,
  replay: Switch.nullish(),
});

/** `{"action":"unsubscribe","channels":[…]}` */
export const UnsubscribeMessage = z.object({ action: z.literal("unsubscribe"), channels: Names });

/** `{"action":"heartbeat"}` */
export const HeartbeatMessage = z.object({ action: z.literal("heartbeat") });

/** Any message of a v1 client; `action` is in lower case by now. */
export const ClientMessage = z.discriminatedUnion("action", [
  SubscribeMessage,
  UnsubscribeMessage,
  HeartbeatMessage,
]);

/** Any message of a v1 client. */
export type ClientMessage = z.infer<typeof ClientMessage>;

/** Why a client message was not understood. */
export interface ClientMessageFault {
  /** The `meta.reason` of the `error` that answers it. */
  readonly reason: "invalid_payload" | "invalid_channels" | "unknown_action" | "too_large";
  /** For people: what is wrong and what is expected. */
  readonly message: string;
}

/** The outcome of {@link parseClientMessage}. */
export type ClientMessageResult =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly fault: ClientMessageFault };

/** What v1 clients can ask for. */
export const V1_ACTIONS = ["subscribe", "unsubscribe", "heartbeat"] as const;

/** Reads one text frame of a v1 client. Never throws. */
export function parseClientMessage(text: string): ClientMessageResult {
  const read = readAction(text, MAX_CLIENT_MESSAGE_LENGTH, V1_ACTIONS);
  if (!read.ok) return reject(read.fault.code, read.fault.message);
  const parsed = ClientMessage.safeParse(read.value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issue = parsed.error.issues[0]!;
  const reason = issue.path[0] === "channels" ? "invalid_channels" : "invalid_payload";
  return reject(reason, `${issue.path.join(".")}: ${issue.message}`);
}

function reject(reason: ClientMessageFault["reason"], message: string): ClientMessageResult {
  return { ok: false, fault: { reason, message: clipMessage(message) } };
}
