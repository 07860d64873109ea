/**
 * What the gateway sends to v1 clients: one envelope with exactly six keys. Deployed clients decode
 * it strictly, so a new key, or a `meta` value that is not a string, breaks them.
 *
 * @module
 */
import { z } from "zod";
import type { ErrorCodeOf } from "../errors.ts";
import type { SystemWarning } from "../events/system_warning.ts";

/** The six keys of the v1 envelope, in the order in which they are written. */
export const ENVELOPE_KEYS = ["type", "channel", "data", "replay", "meta", "timestamp"] as const;

/** `meta`: a flat map of string to string. */
export const Meta: z.ZodRecord<z.ZodString, z.ZodString> = z.record(z.string(), z.string());

/** The v1 envelope as deployed clients decode it. */
export const ServerMessageV1 = z.strictObject({
  type: z.enum(["welcome", "ack", "event", "heartbeat", "error"]),
  channel: z.string().optional(),
  data: z.looseObject({}).optional(),
  replay: z.boolean().optional(),
  meta: Meta.optional(),
  timestamp: z.int(),
});

/** The v1 envelope. */
export type ServerMessageV1 = z.infer<typeof ServerMessageV1>;

/** The values of `meta.reason` on an `error`. */
export type ErrorReason = ErrorCodeOf<"v1">;

/** Writes a v1 envelope with its keys in the order of {@link ENVELOPE_KEYS}. */
export function encodeV1(message: ServerMessageV1): string {
  const { type, channel, data, replay, meta, timestamp } = message;
  return JSON.stringify({ type, channel, data, replay, meta, timestamp });
}

/** The first message of every connection. */
export function welcome(meta: Readonly<Record<string, string>>, timestamp: number): string {
  return encodeV1({ type: "welcome", meta, timestamp });
}

/** The answer to a subscription: the channels that were subscribed, joined by `", "`. */
export function subscriptionAck(
  channels: readonly string[],
  replay: boolean,
  timestamp: number,
): string {
  const meta = { channels: channels.join(", ") };
  return encodeV1({ type: "ack", channel: "subscription", replay, meta, timestamp });
}

/** The answer to an unsubscription. */
export function unsubscribeAck(channels: readonly string[], timestamp: number): string {
  const meta = { channels: channels.join(", ") };
  return encodeV1({ type: "ack", channel: "unsubscribe", meta, timestamp });
}

/** A heartbeat: `server` for the tick, `ack` for the answer to a client's. */
export function heartbeat(direction: "server" | "ack", timestamp: number): string {
  return encodeV1({ type: "heartbeat", meta: { direction }, timestamp });
}

/**
 * A warning of the gateway that is not stored: an event of `system-warnings` without a number. It
 * keeps `meta.epoch`, so that a client which compares epochs sees no change.
 */
export function notice(warning: SystemWarning, epoch: string, timestamp: number): string {
  const { id, severity, code, message, details } = warning;
  const createdAt = warning.createdAt ?? new Date(timestamp).toISOString();
  const time = { createdAt, timestamp: Date.parse(createdAt) };
  const data = { id, severity, code, message, details, ...time };
  return encodeV1({ type: "event", channel: "system-warnings", data, meta: { epoch }, timestamp });
}

/** What was wrong with a client message; the connection stays open. */
export function errorMessage(reason: ErrorReason, message: string, timestamp: number): string {
  return encodeV1({ type: "error", meta: { reason, message }, timestamp });
}
