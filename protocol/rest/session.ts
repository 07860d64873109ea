/**
 * Sessions and tickets: requests and answers.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import { SCOPES } from "../scopes.ts";

/** Longest ticket, in characters. */
const MAX_TICKET_LENGTH = 128;

/** Body of `POST /api/v1/session`; a key comes in a header instead. */
export const SessionBody = z.strictObject({
  ticket: z.string().min(1).max(MAX_TICKET_LENGTH).optional()
    .describe("A ticket, of a link or of `POST /api/v1/websocket/tickets`; absent with a key."),
});

/** Answer of `POST` and `GET /api/v1/session`. */
export const sessionInfo = (channels: ChannelSet) =>
  z.strictObject({
    principal: z.string().describe("The name of the key, or `anonymous`."),
    authenticated: z.boolean().describe("Whether a key stands behind it."),
    scopes: z.array(z.enum(SCOPES)).readonly().describe("What it may do."),
    channels: z.array(channels.wireName()).readonly().optional()
      .describe("The channels that it may use; absent: all."),
    traders: z.array(z.string()).readonly().optional()
      .describe("The traders whose rows it sees; absent: all."),
    portfolio: z.boolean().optional()
      .describe("With `traders`: whether it also gets what concerns no single trader."),
    secretId: z.string().optional().describe("The short id of the secret."),
    expiresAt: z.iso.datetime().optional()
      .describe("When the session ends unless it is used; absent without a session."),
  }).readonly();

/** Answer of `POST` and `GET /api/v1/session`. */
export type SessionInfo = z.infer<ReturnType<typeof sessionInfo>>;

/** Answer of `DELETE /api/v1/session`. */
export const SessionEnded = z.strictObject({
  ended: z.literal(true),
  connections: z.int().min(0)
    .describe("How many connections were made from it; they end with 4401."),
}).readonly();

/** Answer of `POST /api/v1/websocket/tickets`. */
export const Ticket = z.strictObject({
  ticket: z.string().describe("For one connection or request, as `?ticket=`."),
  expiresAt: z.iso.datetime().describe("Until when it counts."),
}).readonly();
