/**
 * The v1 envelope as deployed clients decode it, written from the contract and not from the
 * gateway's own schema: six keys, nothing else, and `meta` a flat map of string to string.
 *
 * @module
 */
import { payloadFault } from "./decode_v1_payloads.ts";

/** A decoded v1 message. */
export interface V1Message {
  readonly type: "welcome" | "ack" | "event" | "heartbeat" | "error";
  readonly channel?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly replay?: boolean;
  readonly meta?: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

/** A message that a deployed client could not have decoded. */
export class V1DecodeError extends Error {
  /** Says what is wrong, and shows the message. */
  constructor(fault: string, text: string) {
    super(`${fault} in ${text.slice(0, 600)}`);
    this.name = "V1DecodeError";
  }
}

const KEYS: ReadonlySet<string> = new Set([
  "type",
  "channel",
  "data",
  "replay",
  "meta",
  "timestamp",
]);

const EVENT_CHANNELS: ReadonlySet<string> = new Set([
  "risk-alerts",
  "system-warnings",
  "trader-status",
  "positions",
  "market-data",
]);

const REASONS: ReadonlySet<string> = new Set([
  ...["invalid_payload", "invalid_channels", "unknown_action", "unauthorized"],
  ...["forbidden", "rate_limited", "too_large"],
]);

/**
 * Decodes one text message.
 *
 * @throws {V1DecodeError} When it is not exactly what the contract says.
 */
export function decodeV1(text: string): V1Message {
  const fail = (fault: string): never => {
    throw new V1DecodeError(fault, text);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("not JSON");
  }
  if (!isRecord(value)) return fail("not an object");
  const keys = Object.keys(value);
  const unknown = keys.find((key) => !KEYS.has(key));
  if (unknown !== undefined) fail(`unknown key ${unknown}`);
  // Keys keep the order of the text. Streaming decoders choose the type of `data` by `channel`.
  const dataAt = keys.indexOf("data");
  if (dataAt >= 0 && keys.indexOf("channel") > dataAt) fail("data before channel");
  if (!Number.isInteger(value["timestamp"])) fail("timestamp is not epoch ms");
  if ("channel" in value && typeof value["channel"] !== "string") fail("channel is not a string");
  if ("data" in value && !isRecord(value["data"])) fail("data is not an object");
  if ("replay" in value && typeof value["replay"] !== "boolean") fail("replay is not a boolean");
  if ("meta" in value) {
    if (!isRecord(value["meta"])) fail("meta is not an object");
    const entries = Object.entries(value["meta"] as Record<string, unknown>);
    const odd = entries.find(([, entry]) => typeof entry !== "string");
    if (odd !== undefined) fail(`meta.${odd[0]} is not a string`);
  }
  const fault = faultOf(value as unknown as V1Message);
  if (fault !== undefined) fail(fault);
  return value as unknown as V1Message;
}

/** What is wrong with a message that has the right form. */
function faultOf(message: V1Message): string | undefined {
  const meta = message.meta ?? {};
  switch (message.type) {
    case "welcome":
      for (const key of ["clientId", "heartbeatIntervalSeconds", "rateLimitPerSecond"]) {
        if (meta[key] === undefined) return `welcome without meta.${key}`;
      }
      return message.channel === undefined ? undefined : "welcome with a channel";
    case "ack":
      if (message.channel === "unsubscribe") return undefined;
      if (message.channel !== "subscription") return "ack of an unknown kind";
      if (message.replay === undefined) return "subscription ack without replay";
      return meta["channels"] === undefined ? "subscription ack without meta.channels" : undefined;
    case "heartbeat":
      return meta["direction"] === "server" || meta["direction"] === "ack"
        ? undefined
        : "heartbeat of an unknown direction";
    case "error":
      if (!REASONS.has(meta["reason"] ?? "")) return "error with an unknown reason";
      return meta["message"] ? undefined : "error without meta.message";
    case "event":
      return eventFault(message, meta);
    default:
      return "unknown type";
  }
}

function eventFault(message: V1Message, meta: Readonly<Record<string, string>>) {
  const { channel, data, replay } = message;
  if (channel === undefined || !EVENT_CHANNELS.has(channel)) return "event of an unknown channel";
  if (data === undefined) return "event without data";
  if (replay === false) return "replay is true or absent on events";
  // The gateway's own notices of trouble are unnumbered, as they must get out when nothing is stored.
  const numbered = channel !== "system-warnings" || meta["seq"] !== undefined;
  if (numbered && !/^[1-9]\d*$/.test(meta["seq"] ?? "")) return "event without meta.seq";
  if (numbered && !meta["epoch"]) return "event without meta.epoch";
  if (meta["skipped"] !== undefined && !/^[1-9]\d*$/.test(meta["skipped"])) {
    return "meta.skipped is not a count";
  }
  return payloadFault(channel, data, meta["updatedAt"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
