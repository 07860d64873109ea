/**
 * Queries and answers about connections.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import { BAN_SUBJECTS } from "./bans.ts";

/** The states of a connection, as its machine names them. */
export const CONNECTION_STATES = [
  "connecting",
  "authenticated",
  "subscribed",
  "throttled",
  "timed-out",
  "closed",
] as const;

/** A state of a connection. */
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** What connections speak: a version for clients, or the dialect of publishers. */
export const PROTOCOL_NAMES = ["telemetry.v1", "telemetry.v2", "telemetry.collector"] as const;

/** What a connection speaks. */
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** Largest page of `GET /api/v1/websocket/clients`. */
export const MAX_CLIENTS_PAGE = 1_000;

/** Query of `GET /api/v1/websocket/clients`. */
export const ClientsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_CLIENTS_PAGE).default(MAX_CLIENTS_PAGE)
    .describe("Most connections of the page."),
  cursor: z.string().max(128).optional()
    .describe("Begins after this `connectionId`; the header `Link` has the next page."),
  state: z.enum(CONNECTION_STATES).optional().describe("Only connections in this state."),
  channel: z.string().max(128).optional()
    .describe("Only connections subscribed to this channel, in any spelling of its name."),
});

/** Longest ban, in seconds: one day. */
export const MAX_BAN_SECONDS = 86_400;

/** Query of `DELETE /api/v1/websocket/clients/{id}`. */
export const DisconnectQuery = z.object({
  reason: z.string().max(256).optional().describe("Written to the log and answered."),
  banSeconds: z.coerce.number().int().min(0).max(MAX_BAN_SECONDS).optional()
    .describe("Refuses the client's return for so many seconds; 0 does not."),
  by: z.enum(BAN_SUBJECTS).optional().describe(
    "With `banSeconds`: what is refused. `peer` (default) the same key, `clientId` and address; " +
      "`client` key and `clientId` from anywhere; `key`; `address`, IPv6 by its /64. All but `peer` " +
      "also end the other live connections that they cover.",
  ),
});

/** Answer of `DELETE /api/v1/websocket/clients/{id}`. */
export const Disconnected = z.strictObject({
  clientId: z.string().describe("The `{id}` that was asked for."),
  disconnected: z.literal(true),
  reason: z.string(),
}).readonly();

const Count = z.int().min(0);

const clientFields = (channels: ChannelSet) => ({
  id: z.string().describe("The `clientId`, given by the client or made up for it."),
  connectionId: z.string().describe("Unique per connection; `{id}` in paths matches it first."),
  remoteAddress: z.string().describe("The address of the peer, without its port."),
  subscribedChannels: z.array(channels.wireName()).readonly()
    .describe("Wire names of the subscribed channels."),
  connectedAtEpochMillis: z.number().describe("When the handshake began, epoch ms."),
  lastHeartbeatEpochMillis: z.number()
    .describe("Time of the last inbound message, else of connecting; epoch ms."),
  rateLimitPerSecond: z.number().min(0)
    .describe("Outbound limit in metered frames per second; 0 is unlimited."),
  authenticated: z.boolean()
    .describe("Whether a key was presented; anonymous clients have none."),
  isOpen: z.boolean().describe("Whether the socket is open."),
  state: z.enum(CONNECTION_STATES).describe("Where it is in its life."),
  protocol: z.enum(PROTOCOL_NAMES).describe("What it speaks."),
  principal: z.string().describe("The name of the key, or `anonymous`."),
  bufferedBytes: Count
    .describe("Bytes handed to the socket and not yet written to the network."),
  lag: z.partialRecord(channels.wireName(), Count).readonly()
    .describe("Events behind the head, by channel."),
  eventsSent: Count.describe("Events delivered."),
  eventsSkipped: Count.describe("Events skipped: conflated or shed."),
});

/** One connection, as administrators see it. */
export function clientInfo(channels: ChannelSet) {
  return z.strictObject(clientFields(channels)).readonly();
}

/** One connection, as administrators see it. */
export type ClientInfo = z.infer<ReturnType<typeof clientInfo>>;

/** A change of a connection's state. */
export const ClientTransition = z.strictObject({
  from: z.enum(CONNECTION_STATES).describe("The state before."),
  to: z.enum(CONNECTION_STATES).describe("The state after."),
  event: z.string().describe("The event of the statechart that led there."),
  atEpochMillis: z.number().describe("When, epoch ms."),
  count: z.int().min(1).optional()
    .describe("How many pairs of throttling and recovery this entry stands for; absent for one."),
}).readonly();

/** A change of a connection's state. */
export type ClientTransition = z.infer<typeof ClientTransition>;

/** Answer of `GET /api/v1/websocket/clients/{id}`. */
export function clientDetails(channels: ChannelSet) {
  return z.strictObject({
    ...clientFields(channels),
    transitions: z.array(ClientTransition).max(16).readonly()
      .describe("The last 16 changes of its state, oldest first."),
  }).readonly();
}

/** Answer of `GET /api/v1/websocket/clients/{id}`. */
export type ClientDetails = z.infer<ReturnType<typeof clientDetails>>;
