/**
 * The actors, wired together.
 *
 * @module
 */
import { type Channel, CHANNELS } from "../protocol/channels.ts";
import { type Config, effectiveMaxConnections } from "../protocol/config.ts";
import { Collector } from "./collector/collector.ts";
import { Hub } from "./hub/hub.ts";
import { Metrics } from "./observability/metrics.ts";
import type { Clock, Logger, Store } from "./ports.ts";
import { ChannelLog } from "./stream/channel_log.ts";
import { ChannelStream } from "./stream/channel_stream.ts";
import { Fanout } from "./stream/fanout.ts";

/** The running gateway, without its routes. */
export interface Gateway {
  /** All connections. */
  readonly hub: Hub;
  /** Takes events. */
  readonly collector: Collector;
  /** Answers scrapes. */
  readonly metrics: Metrics;
}

/** Builds and starts the actors around an open store. */
export function createGateway(config: Config, clock: Clock, log: Logger, store: Store): Gateway {
  const { telemetry, server } = config;
  const streams = new Map<Channel, ChannelStream>(CHANNELS.map((channel) => {
    const { epoch, seq } = store.head(channel);
    const ring = new ChannelLog(epoch, seq, telemetry.ringCapacity);
    return [channel, new ChannelStream(channel, ring)];
  }));
  const fanout = new Fanout(clock, streams);
  const hub = new Hub({
    clock,
    log,
    fanout,
    streams,
    instance: crypto.randomUUID().slice(0, 4),
    tickMillis: telemetry.flushIntervalMs,
    heartbeatIntervalMillis: telemetry.heartbeatIntervalSeconds * 1_000,
    heartbeatTimeoutMillis: telemetry.heartbeatTimeoutSeconds * 1_000,
    requireClientHeartbeat: telemetry.requireClientHeartbeat,
    rateLimitPerSecond: telemetry.rateLimitPerSecond,
    replayLimit: telemetry.replayLimit,
    inboundMessagesPerSecond: telemetry.inboundMessagesPerSecond,
    maxConnections: effectiveMaxConnections(server),
    maxConnectionsPerAddress: server.maxConnectionsPerAddress,
    maxConnectionsPerKey: server.maxConnectionsPerKey,
  });
  const { dedupeWindowSeconds } = telemetry;
  const collector = new Collector({ clock, log, store, fanout, streams, dedupeWindowSeconds });
  return { hub, collector, metrics: new Metrics(() => hub.stats()) };
}
