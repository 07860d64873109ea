/**
 * Answers about the gateway as a whole: health and statistics.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import { type EndingCause, ENDINGS } from "../close_codes.ts";

const Count = z.int().min(0);

/** A value for each channel. */
function perChannel<Value extends z.ZodType>(channels: ChannelSet, value: Value) {
  return z.record(channels.wireName(), value).readonly();
}

/** Answer of `GET /api/health`. */
export const Health = z.strictObject({
  status: z.enum(["ok", "degraded", "draining", "stopped"])
    .describe("`degraded`: the last commit failed."),
  version: z.string().describe("The version of the gateway."),
  uptimeSeconds: Count.describe("Time since the start."),
  activeConnections: Count.describe("Open connections."),
  store: z.string().describe("The kind of the store."),
}).readonly();

/** Answer of `GET /health/live`. */
export const Liveness = z.strictObject({ status: z.literal("live") }).readonly();

/** Answer of `GET /health/ready`. */
export const Readiness = z.strictObject({ status: z.literal("ready") }).readonly();

/** Answer of `POST /api/v1/websocket/drain`. */
export const Draining = z.strictObject({ status: z.literal("draining") }).readonly();

/** Counters and gauges of one channel; counters start at 0 with the process. */
const ChannelStats = z.strictObject({
  head: Count.describe("Number of the last event."),
  epoch: z.string().describe("Identity of the sequence."),
  subscribers: Count.describe("Cursors into the channel."),
  snapshotSize: Count.describe("Latest states that a replay would draw from."),
  ringEvents: Count.describe("Events in the ring."),
  ringBytes: Count.describe("Bytes in the ring."),
  published: Count.describe("Events accepted from publishers."),
  sent: Count.describe("Events delivered, counted once per connection."),
  shed: z.strictObject({ rate_limit: Count, slow_consumer: Count, ring_overrun: Count }).readonly()
    .describe("Events shed, counted once per connection, by reason."),
  conflated: Count.describe("Events left out for clients that want the latest alone."),
}).readonly();

const CAUSES = [...Object.keys(ENDINGS) as EndingCause[], "peer", "refused"] as const;

/** Answer of `GET /api/v1/websocket/stats`. */
export const statsAnswer = (channels: ChannelSet) =>
  z.strictObject({
    metrics: z.strictObject({
      activeConnections: Count,
      messagesSent: Count,
      messagesDropped: Count,
      messagesPerChannel: perChannel(channels, Count),
      messagesDroppedPerChannel: perChannel(channels, Count),
    }).readonly().describe("What the replaced service answered; counters start at 0."),
    channelSnapshots: perChannel(channels, Count).describe("Latest states of each channel."),
    channels: perChannel(channels, ChannelStats).describe("Counters and gauges of each channel."),
    status: z.enum(["running", "draining", "stopped"]).describe("The life of the gateway."),
    uptimeMillis: z.number().min(0).describe("Time since the start, in ms."),
    connecting: Count.describe("Handshakes under way."),
    lingering: Count.describe("Connections that ended while the peer still holds the socket."),
    throttled: Count.describe("Connections being conflated instead of streamed at this moment."),
    accepted: Count.describe("Connections accepted since the start."),
    endings: z.partialRecord(z.enum(CAUSES), Count).readonly()
      .describe("Endings since the start, by cause; `peer` is a close by the peer."),
    failures: Count.describe("Connection actors that failed since the start."),
  }).readonly();
