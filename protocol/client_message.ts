/**
 * What v1 clients send. Keys that a message does not need are ignored, as the replaced service
 * ignored them.
 *
 * @module
 */
import { z } from "zod";

/** Longest accepted client message, in characters (UTF-16 code units). */
export const MAX_CLIENT_MESSAGE_LENGTH = 16_384;

/** Length at which a message ends its connection instead of being answered (1 Mi characters). */
export const MAX_TOLERATED_LENGTH = 1_048_576;

/** Most channel names in one message. */
export const MAX_CHANNEL_NAMES = 64;

const Names = z.array(z.string().max(128)).max(MAX_CHANNEL_NAMES);

/** `{"action":"subscribe","channels":[…],"replay":true}` */
export const SubscribeMessage = z.object({
  action: z.literal("subscribe"),
  channels: Names,
  replay: z.boolean().nullish(),
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

const ACTIONS = "subscribe, unsubscribe, heartbeat";

/** Reads one text frame of a v1 client. Never throws. */
export function parseClientMessage(text: string): ClientMessageResult {
  if (text.length > MAX_CLIENT_MESSAGE_LENGTH) {
    return reject("too_large", `a message may have ${MAX_CLIENT_MESSAGE_LENGTH} characters`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject("invalid_payload", "not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return reject("invalid_payload", `expected an object with "action": ${ACTIONS}`);
  }
  const action = (value as Record<string, unknown>)["action"];
  if (typeof action !== "string") {
    return reject("invalid_payload", `"action" is missing; use one of ${ACTIONS}`);
  }
  const name = action.toLowerCase();
  if (name !== "subscribe" && name !== "unsubscribe" && name !== "heartbeat") {
    return reject("unknown_action", `unknown action; use one of ${ACTIONS}`);
  }
  const parsed = ClientMessage.safeParse({ ...value, action: name });
  if (parsed.success) return { ok: true, message: parsed.data };
  const issue = parsed.error.issues[0]!;
  const reason = issue.path[0] === "channels" ? "invalid_channels" : "invalid_payload";
  return reject(reason, `${issue.path.join(".")}: ${issue.message}`);
}

function reject(reason: ClientMessageFault["reason"], message: string): ClientMessageResult {
  return { ok: false, fault: { reason, message } };
}
