/**
 * Reads v2 messages more strictly than clients should: against the schema of the contract, where
 * unknown keys are faults too, and with payloads checked against the schema of their channel.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Channel, CHANNEL_SPECS } from "../../protocol/channels.ts";
import { type EventV2, ServerMessageV2 } from "../../protocol/v2/server_message.ts";

/** A message that is not what the contract says. */
export class V2DecodeError extends Error {
  /** Says what is wrong, and shows the message. */
  constructor(fault: string, text: string) {
    super(`${fault} in ${text.slice(0, 600)}`);
    this.name = "V2DecodeError";
  }
}

/** What stands for the end of a key that was taken out of the snapshot. */
const Removal = z.strictObject({
  id: z.string(),
  removed: z.literal(true),
  timestamp: z.int().optional(),
});

/**
 * Decodes one text message.
 *
 * @throws {V2DecodeError} When it is not exactly what the contract says.
 */
export function decodeV2(text: string): ServerMessageV2 {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new V2DecodeError("not JSON", text);
  }
  const parsed = ServerMessageV2.safeParse(value);
  if (!parsed.success) throw new V2DecodeError(z.prettifyError(parsed.error), text);
  // The schema drops the keys that it does not know.
  if (!isDeepStrictEqual(parsed.data, value)) throw new V2DecodeError("unknown keys", text);
  const message = parsed.data;
  if (message.type === "events" || message.type === "snapshot") {
    for (const event of message.events) {
      const fault = payloadFault(message.channel, event.data);
      if (fault !== undefined) throw new V2DecodeError(`seq ${event.seq}: ${fault}`, text);
    }
  }
  return message;
}

function payloadFault(channel: Channel, data: EventV2["data"]): string | undefined {
  if (data["removed"] !== undefined) {
    const removal = Removal.safeParse(data);
    return removal.success ? undefined : z.prettifyError(removal.error);
  }
  const { timestamp, ...payload } = data;
  if (!Number.isInteger(timestamp)) return "data.timestamp is not epoch ms";
  const time = payload["updatedAt"] ?? payload["createdAt"];
  if (typeof time !== "string" || Date.parse(time) !== timestamp) return "no ISO time beside it";
  const published = asPublished(channel, payload);
  const parsed = CHANNEL_SPECS[channel].payload.safeParse(published);
  if (!parsed.success) return z.prettifyError(parsed.error);
  if (!isDeepStrictEqual(parsed.data, published)) return "a field with a default is missing";
  if (channel === "positions" && payload["isActive"] === undefined) return "isActive is missing";
  if (channel === "risk-alerts" && payload["traderId"] === undefined) return "traderId is missing";
  return undefined;
}

/**
 * A payload without what only the gateway writes: who acknowledged an alert and when, and that an
 * alert concerns no trader.
 */
function asPublished(channel: Channel, payload: Record<string, unknown>) {
  if (channel !== "risk-alerts") return payload;
  const { traderId, acknowledgedBy, acknowledgedAt, ...rest } = payload;
  const acknowledged = payload["status"] === "ACKNOWLEDGED";
  return {
    ...rest,
    ...(traderId !== null && { traderId }),
    ...(!acknowledged && acknowledgedBy !== undefined && { acknowledgedBy }),
    ...(!acknowledged && acknowledgedAt !== undefined && { acknowledgedAt }),
  };
}
