/**
 * The actors, wired together.
 *
 * @module
 */
import type { ChannelDefinition, ChannelSet } from "../protocol/channel_set.ts";
import type { Channel } from "../protocol/channels.ts";
import { type Config, effectiveMaxConnections } from "../protocol/config.ts";
import type { AuditTrail } from "./audit/audit_log.ts";
import { AuditRecorder } from "./audit/audit_recorder.ts";
import { MemoryAuditStore } from "./audit/memory_audit_store.ts";
import { LocalCluster } from "./cluster/local_cluster.ts";
import { ClockWatch } from "./clock_watch.ts";
import { Health } from "./health/health.ts";
import { ChannelHistory } from "./history.ts";
import { Hub } from "./hub/hub.ts";
import { Intake } from "./intake/intake.ts";
import { LimitHits } from "./limits/limit_hits.ts";
import { Lockout } from "./limits/lockout.ts";
import { Rates } from "./limits/rates.ts";
import { Metrics } from "./observability/metrics.ts";
import { Refusals } from "./observability/refusals.ts";
import type { EventLog } from "./log/event_log.ts";
import { LocalLog } from "./log/local_log.ts";
import type { History } from "./operations.ts";
import type { Clock, Logger, RestoredStore, RestoreRequest, Store, StoredEvent } from "./ports.ts";
import { MAX_RING_BYTES } from "./stream/channel_log.ts";
import { ChannelStream } from "./stream/channel_stream.ts";
import { Fanout } from "./stream/fanout.ts";
import { MAX_STATE_BYTES, TOMBSTONE_MILLIS } from "./stream/latest_states.ts";

/** The running gateway, without its routes. */
export interface Gateway {
  /** The channels that there are: those of its store. */
  readonly channels: ChannelSet;
  /** All connections. */
  readonly hub: Hub;
  /** The instances of the gateway: this one. */
  readonly cluster: LocalCluster;
  /** Numbers, keeps and hands on events. */
  readonly eventLog: EventLog;
  /** Takes batches that have arrived. */
  readonly intake: Intake;
  /** Knows which channels are alive. */
  readonly health: Health;
  /** Answers readers that come without a connection. */
  readonly history: History;
  /** Answers scrapes. */
  readonly metrics: Metrics;
  /** Counts and writes what is refused. */
  readonly refusals: Refusals;
  /** Holds the answers to wrong credentials. */
  readonly lockout: Lockout;
  /** Limits the REST requests of each key. */
  readonly requestRates: Rates;
  /** Counts what limits have refused. */
  readonly limitHits: LimitHits;
  /** Takes note of administrative acts. */
  readonly audit: AuditTrail;
}

/** What {@link createGateway} has a use for, to be asked of {@link Store.restore}. */
export function restoreRequest({ telemetry }: Config, clock: Clock): RestoreRequest {
  return {
    events: telemetry.ringCapacity,
    // The ring weighs data and frame, which holds the data again.
    characters: MAX_RING_BYTES / 2,
    recentKeys: telemetry.replayLimit,
    tombstoneMillis: TOMBSTONE_MILLIS,
    epochMillis: clock.epochMillis(),
    expiredIdentities: true,
  };
}

/**
 * Builds and starts the actors around an open store, with the channels of that store.
 *
 * @param restored What the store brought back; nothing when absent, as for a store that is new.
 * @param alerts The newest risk alerts, from which incidents are brought back: see
 *   `readAlerts`. Those of `restored` when absent.
 * @param audit Takes note of administrative acts; one that forgets with the process when absent.
 */
export function createGateway(
  config: Config,
  clock: Clock,
  log: Logger,
  store: Store,
  restored?: RestoredStore,
  alerts: readonly StoredEvent[] | undefined = restored?.channels.get(store.channels.alerts)
    ?.events,
  audit: AuditTrail = new AuditRecorder(clock, log, new MemoryAuditStore()),
): Gateway {
  const { telemetry, server } = config;
  const { channels } = store;
  const streams = new Map<Channel, ChannelStream>(channels.names.map((channel) => {
    const kept = restored?.channels.get(channel) ??
      { ...store.head(channel), events: [], latest: [], horizon: 0 };
    const { ringCapacity, replayLimit } = telemetry;
    const spec = channels.get(channel);
    return [channel, ChannelStream.restore(spec, kept, ringCapacity, clock, replayLimit)];
  }));
  for (const stream of streams.values()) warnOfLargeStates(stream, log);
  const { dedupeWindowSeconds, incidentGapSeconds } = telemetry;
  const eventLog = new LocalLog(
    {
      clock,
      log,
      store,
      streams,
      restoreRequest: () => restoreRequest(config, clock),
      dedupeWindowSeconds,
      incidentGapSeconds,
      beforeTurn: () => watch.check(),
      onIgnoredFields: (...fields) => health.ignoredFields(...fields),
    },
    { identities: restored?.identities ?? [], alerts: alerts ?? [] },
  );
  const flushIntervalMillis = telemetry.flushIntervalMs;
  const fanout = new Fanout(clock, streams, {
    flushIntervalMillis,
    // The memory store has nothing that is worth a detour: what left the ring counts as gone.
    ...(store.kind !== "memory" && { store: eventLog }),
  });
  const watch = new ClockWatch(clock, (millis) => {
    if (!clock.seesSuspend && millis > 0) eventLog.doubtSilence(millis);
    health.clockStepped(millis);
  });
  const { maxBatchEvents } = server;
  const { unknownFields } = telemetry;
  const submissions = { unknownFields, channels };
  const intake = new Intake({ clock, log, maxBatchEvents, submissions });
  const limitHits = new LimitHits();
  const hub = new Hub({
    clock,
    channels,
    log,
    limitHits,
    maxSubscriptions: telemetry.maxSubscriptions,
    maxFilterValues: telemetry.maxFilterValues,
    fanout,
    streams,
    observer: {
      poll: () => {
        watch.check();
        health.poll();
      },
      slowConsumer: (...client) => health.slowConsumer(...client),
      rolledBack: (...finding) => health.rolledBack(...finding),
      shuttingDown: () => health.shuttingDown(),
    },
    instance: crypto.randomUUID().slice(0, 4),
    statusOf: (channel) => health.status(channel),
    eventLog,
    audit,
    flushIntervalMillis,
    heartbeatIntervalMillis: telemetry.heartbeatIntervalSeconds * 1_000,
    heartbeatTimeoutMillis: telemetry.heartbeatTimeoutSeconds * 1_000,
    requireClientHeartbeat: telemetry.requireClientHeartbeat,
    rateLimitPerSecond: telemetry.rateLimitPerSecond,
    replayLimit: telemetry.replayLimit,
    inboundMessagesPerSecond: telemetry.inboundMessagesPerSecond,
    publishing: {
      declare: (channels) => cluster.declare(channels),
      intake,
      maxMessageBytes: server.maxBodyBytes,
    },
    maxConnections: effectiveMaxConnections(server),
    maxConnectionsPerAddress: server.maxConnectionsPerAddress,
    maxConnectionsPerKey: server.maxConnectionsPerKey,
    handshakesPerSecond: server.handshakesPerSecond,
    handshakesPerSecondPerAddress: server.handshakesPerSecondPerAddress,
  });
  const health = new Health({
    clock,
    log,
    streams,
    eventLog,
    maxAgeMillis: (channel) => maxAgeSeconds(telemetry, channels.get(channel)) * 1_000,
    countReaders: (channel) => fanout.readersOf(channel).count,
    announce: (warning) => hub.announceWarning(warning),
    onStatus: (status) => hub.announceStatus(status),
  });
  const cluster = new LocalCluster({
    operations: hub,
    declared: (channels) => health.declare(channels),
  });
  const places = new Map([...streams].map(([channel, { log }]) => {
    const { epoch, head } = log;
    return [channel, { epoch, seq: head }];
  }));
  for (const observer of [fanout, health]) eventLog.follow(observer, places);
  const refusals = new Refusals(clock, log);
  const lockout = new Lockout(clock, log);
  const requestRates = new Rates(clock, server.requestsPerSecondPerKey);
  const metrics = new Metrics({
    stats: () => hub.stats(),
    storage: () => eventLog.storage(),
    statuses: () => health.statuses(),
    ignored: () => health.ignored(),
    refusals: () => refusals.counts,
    lockout: () => lockout.stats,
    limits: () => limitHits.counts,
  });
  const { replayLimit } = telemetry;
  const history = new ChannelHistory({
    clock,
    log,
    eventLog,
    streams,
    rows: (channel, filter) => fanout.readersOf(channel).rows(filter),
    replayLimit,
  });
  return {
    channels,
    hub,
    cluster,
    eventLog,
    intake,
    history,
    health,
    metrics,
    refusals,
    lockout,
    requestRates,
    limitHits,
    audit,
  };
}

/** A store of an older version may hold more than is accepted today; no live state is dropped. */
function warnOfLargeStates({ channel, latest }: ChannelStream, log: Logger): void {
  if (latest === undefined || latest.bytes <= MAX_STATE_BYTES) return;
  const message = "the latest states of a channel take more than is allowed; all are kept, but " +
    "states that add to them are refused until some keys are removed";
  log.warn(message, { channel, keys: latest.size, bytes: latest.bytes, allowed: MAX_STATE_BYTES });
}

function maxAgeSeconds(
  { marketDataMaxAgeSeconds, declaredMaxAgeSeconds }: Config["telemetry"],
  { maxAge }: ChannelDefinition,
): number {
  return maxAge === "market" ? marketDataMaxAgeSeconds : declaredMaxAgeSeconds;
}
