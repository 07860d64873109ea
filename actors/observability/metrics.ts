/**
 * Prometheus metrics. The hot paths count in plain numbers; prom-client collects them when it is
 * scraped.
 *
 * @module
 */
import process from "node:process";
import { Counter, Gauge, Registry } from "prom-client";
import type { Channel } from "../../protocol/channels.ts";
import type { LimitOption } from "../limits/limit_hits.ts";
import type { LockoutStats } from "../limits/lockout.ts";
import type { StorageStats } from "../log/event_log.ts";
import type { ChannelStats, ChannelStatus, GatewayStats } from "../operations.ts";
import type { RefusalCounts } from "./refusals.ts";

/** What all names start with, as in the replaced service. */
const PREFIX = "autotrader_telemetry";

/** Where the numbers come from. Each is called once per scrape. */
export interface MetricSources {
  /** The numbers of the hub and the channels. */
  readonly stats: () => GatewayStats;
  /** The numbers of the store. */
  readonly storage: () => StorageStats;
  /** The state of every channel. */
  readonly statuses: () => readonly ChannelStatus[];
  /** The number of fields left out, by channel. */
  readonly ignored: () => ReadonlyMap<Channel, number>;
  /** How many handshakes and requests were refused, by code. */
  readonly refusals: () => RefusalCounts;
  /** What became of wrong credentials. */
  readonly lockout: () => LockoutStats;
  /** Refusals by a limit, by the option that sets it. */
  readonly limits: () => ReadonlyMap<LimitOption, number>;
}

/** The numbers of one scrape, all of the same moment. */
type Readings = { readonly [Source in keyof MetricSources]: ReturnType<MetricSources[Source]> };

/** A value with its labels. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The media type and the text of a scrape. */
export interface Exposition {
  /** Its media type. */
  readonly contentType: string;
  /** The scrape. */
  readonly text: string;
}

/** Publishes the numbers of the gateway under their deployed names. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricSources;
  #readings: Readings;
  #listenerLosses = 0;

  /** Registers every metric; their values are read per scrape. */
  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#readings = this.#read();
    this.#connections();
    this.#refusals("handshake", "Handshakes refused, by code");
    this.#refusals("request", "Requests refused, by code");
    this.#limits();
    this.#messages("sent", "Events delivered", ({ sent }) => sent);
    this.#messages("dropped", "Events shed", droppedOf);
    this.#streams();
    this.#freshness();
    this.#store();
    this.#process();
  }

  /** Counts a loss of the listener. A count, not a gauge: nobody can scrape while it is lost. */
  listenerLost(): void {
    this.#listenerLosses += 1;
  }

  /** Publishes one more number of the moment; read once per scrape. */
  addGauge(name: string, help: string, read: () => number): void {
    this.#gauge(name, help, read);
  }

  /** Publishes one more number that only grows; read once per scrape. */
  addCounter(name: string, help: string, read: () => number): void {
    this.#counter(name, help, read);
  }

  /** Answers a scrape in the Prometheus text format. */
  async scrape(): Promise<Exposition> {
    // `metrics()` collects every metric before it returns its promise, so scrapes do not mix.
    this.#readings = this.#read();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #read(): Readings {
    const { stats, storage, statuses, ignored, refusals, lockout, limits } = this.#sources;
    return {
      stats: stats(),
      storage: storage(),
      statuses: statuses(),
      ignored: ignored(),
      refusals: refusals(),
      lockout: lockout(),
      limits: limits(),
    };
  }

  #connections(): void {
    const gauge = (name: string, help: string, value: (stats: GatewayStats) => number) =>
      this.#gauge(name, help, ({ stats }) => value(stats));
    gauge("active_connections", "Open connections", (stats) => stats.activeConnections);
    gauge("connecting", "Handshakes under way", (stats) => stats.connecting);
    const lingering = "Ended connections whose socket the peer holds";
    gauge("lingering", lingering, (stats) => stats.lingering);
    gauge("throttled_connections", "Connections being conflated", (stats) => stats.throttled);
    const counter = (name: string, help: string, value: (stats: GatewayStats) => number) =>
      this.#counter(name, help, ({ stats }) => value(stats));
    counter("connections_accepted_total", "Connections accepted", (stats) => stats.accepted);
    counter(
      "connection_failures_total",
      "Connection actors that failed",
      (stats) => stats.failures,
    );
    this.#counter("listener_losses_total", "Losses of the listener", () => this.#listenerLosses);
    this.#register(
      Counter,
      "connections_ended_total",
      "Connections ended, by cause",
      ["cause"],
      ({ stats }) => Object.entries(stats.endings).map(([cause, count]) => [{ cause }, count]),
    );
  }

  #refusals(kind: keyof RefusalCounts, help: string): void {
    this.#register(
      Counter,
      `${kind}s_refused_total`,
      help,
      ["code"],
      ({ refusals }) => Object.entries(refusals[kind]).map(([code, count]) => [{ code }, count]),
    );
  }

  #limits(): void {
    this.#register(
      Counter,
      "limit_refusals_total",
      "Refusals by a limit, by the option that sets it",
      ["option"],
      ({ limits }) => [...limits].map(([option, count]) => [{ option }, count]),
    );
    this.#register(
      Counter,
      "wrong_credentials_total",
      "Answers to wrong credentials: at once, held, or unheld as too many were held",
      ["answer"],
      ({ lockout }) =>
        Object.entries(lockout.answers).map(([answer, count]) => [{ answer }, count]),
    );
    const held = "Answers to wrong credentials that are held now";
    this.#gauge("wrong_credentials_held", held, ({ lockout }) => lockout.held);
  }

  /** Names and their doubles (gauge and counter per channel) are those of deployed dashboards. */
  #messages(kind: string, what: string, count: (numbers: ChannelStats) => number): void {
    const total = ({ stats }: Readings) =>
      Object.values(stats.channels).reduce((sum, numbers) => sum + count(numbers), 0);
    this.#counter(`messages_${kind}_total`, `${what}, over all connections`, total);
    const byChannel = perChannel(count);
    this.#register(
      Gauge,
      `messages_${kind}_channel`,
      `${what}, by channel`,
      ["channel"],
      byChannel,
    );
    const counter = `messages_${kind}_counter_total`;
    this.#register(Counter, counter, `${what}, by channel`, ["channel"], byChannel);
  }

  #streams(): void {
    this.#register(
      Counter,
      "messages_shed_total",
      "Events shed, by channel and reason",
      ["channel", "reason"],
      ({ stats }) =>
        Object.entries(stats.channels).flatMap(([channel, { shed }]) =>
          Object.entries(shed).map(([reason, count]): Sample => [{ channel, reason }, count])
        ),
    );
    const counter = (name: string, help: string, count: (numbers: ChannelStats) => number) =>
      this.#register(Counter, name, help, ["channel"], perChannel(count));
    counter("events_published_total", "Events accepted", ({ published }) => published);
    this.#register(
      Counter,
      "ignored_fields_total",
      "Unknown fields of published events that were left out",
      ["channel"],
      ({ stats, ignored }) =>
        Object.keys(stats.channels)
          .map((channel) => [{ channel }, ignored.get(channel as Channel) ?? 0]),
    );
    const conflated = "Events left out for clients that want the latest alone, by channel";
    counter("messages_conflated_total", conflated, ({ conflated }) => conflated);
    const gauge = (name: string, help: string, value: (numbers: ChannelStats) => number) =>
      this.#register(Gauge, name, help, ["channel"], perChannel(value));
    gauge("channel_head", "Number of the last event", ({ head }) => head);
    gauge("channel_subscribers", "Connections subscribed", ({ subscribers }) => subscribers);
    gauge("snapshot_size", "States that a replay draws from", ({ snapshotSize }) => snapshotSize);
    gauge("ring_events", "Events held in memory", ({ ringEvents }) => ringEvents);
    gauge("ring_bytes", "Bytes held in memory", ({ ringBytes }) => ringBytes);
  }

  /** A channel without an event has no time: alerts on an age must not take 0 for one. */
  #freshness(): void {
    this.#register(
      Gauge,
      "channel_stale",
      "1 while a declared channel is silent",
      ["channel"],
      ({ statuses }) =>
        statuses.map(({ channel, state }) => [{ channel }, Number(state === "stale")]),
    );
    this.#register(
      Gauge,
      "channel_last_event_timestamp_seconds",
      "When the last event was accepted, Unix time",
      ["channel"],
      ({ statuses }) =>
        statuses.flatMap(({ channel, lastEventAt }): Sample[] =>
          lastEventAt === undefined ? [] : [[{ channel }, lastEventAt / 1_000]]
        ),
    );
  }

  #store(): void {
    const kept = "Commits that were kept";
    this.#counter("store_commits_total", kept, ({ storage }) => storage.commits);
    const failed = "Commits that failed";
    this.#counter("store_commit_failures_total", failed, ({ storage }) => storage.failures);
    const failing = "1 while the last commit failed";
    this.#gauge("store_failing", failing, ({ storage }) => Number(storage.failing));
  }

  /** Only what needs no permission: prom-client's own process metrics would read 0. */
  #process(): void {
    const uptime = "Time since the start";
    this.#gauge("uptime_seconds", uptime, ({ stats }) => stats.uptimeMillis / 1_000);
    this.#counter("cpu_seconds_total", "CPU time used", () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000_000;
    });
    const { memoryUsage } = process;
    this.#gauge("resident_memory_bytes", "Resident memory", () => memoryUsage().rss);
    this.#gauge("heap_used_bytes", "JavaScript heap in use", () => memoryUsage().heapUsed);
  }

  #gauge(name: string, help: string, value: (readings: Readings) => number): void {
    this.#register(Gauge, name, help, [], (readings) => [[{}, value(readings)]]);
  }

  #counter(name: string, help: string, value: (readings: Readings) => number): void {
    this.#register(Counter, name, help, [], (readings) => [[{}, value(readings)]]);
  }

  /**
   * Registers a metric. It is set by a reset and an increment: prom-client has no other way to set a
   * counter.
   */
  #register(
    Metric: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    labelNames: string[],
    samples: (readings: Readings) => readonly Sample[],
  ): void {
    const collect = () => {
      metric.reset();
      for (const [labels, value] of samples(this.#readings)) metric.inc(labels, value);
    };
    const options = { name: `${PREFIX}_${name}`, help, labelNames, collect };
    const metric = new Metric({ ...options, registers: [this.#registry] });
  }
}

function droppedOf({ shed }: ChannelStats): number {
  return Object.values(shed).reduce((total, count) => total + count, 0);
}

function perChannel(value: (numbers: ChannelStats) => number): (readings: Readings) => Sample[] {
  return ({ stats }) =>
    Object.entries(stats.channels).map(([channel, numbers]) => [{ channel }, value(numbers)]);
}
