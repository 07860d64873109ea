/**
 * Prometheus metrics. The hot paths count in plain numbers; they become metrics when somebody
 * looks.
 *
 * @module
 */
import process from "node:process";
import { Counter, Gauge, Registry } from "prom-client";
import type { Channel } from "../../protocol/channels.ts";
import type { ChannelStatus, GatewayStats, StorageStats } from "../operations.ts";
import type { RefusalCounts } from "./refusals.ts";

/** What all names start with, as in the replaced service. */
export const PREFIX = "autotrader_telemetry";

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
  readonly #stats: () => GatewayStats;
  readonly #storage: () => StorageStats;
  readonly #statuses: () => readonly ChannelStatus[];
  readonly #ignored: () => ReadonlyMap<Channel, number>;
  readonly #refusals: () => RefusalCounts;
  readonly #added: (() => void)[] = [];
  #listenerLosses = 0;

  /**
   * Reads the numbers when they are asked for.
   *
   * @param stats Gives the numbers of the moment; called once per scrape.
   * @param storage Gives those of the store; called once per scrape.
   * @param statuses Gives the state of every channel; called once per scrape.
   * @param ignored Gives the number of fields left out, by channel; called once per scrape.
   * @param refusals Gives how many were turned away; called once per scrape.
   */
  constructor(
    stats: () => GatewayStats,
    storage: () => StorageStats,
    statuses: () => readonly ChannelStatus[],
    ignored: () => ReadonlyMap<Channel, number>,
    refusals: () => RefusalCounts,
  ) {
    this.#stats = stats;
    this.#storage = storage;
    this.#statuses = statuses;
    this.#ignored = ignored;
    this.#refusals = refusals;
  }

  /** Counts a loss of the listener. A count, not a gauge: nobody can scrape while it is lost. */
  listenerLost(): void {
    this.#listenerLosses += 1;
  }

  /** Publishes one more number of the moment; read once per scrape. */
  addGauge(name: string, help: string, read: () => number): void {
    this.#added.push(() => this.#gauge(name, help, read()));
  }

  /** Publishes one more number that only grows; read once per scrape. */
  addCounter(name: string, help: string, read: () => number): void {
    this.#added.push(() => this.#counter(name, help, read()));
  }

  /** Answers a scrape in the Prometheus text format. */
  async scrape(): Promise<Exposition> {
    this.#registry.clear();
    const stats = this.#stats();
    this.#connections(stats);
    this.#turnedAway(this.#refusals());
    this.#messages(stats);
    this.#streams(stats);
    this.#freshness(this.#statuses());
    this.#store(this.#storage());
    this.#process(stats);
    for (const publish of this.#added) publish();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #connections(stats: GatewayStats): void {
    this.#gauge("active_connections", "Open connections", stats.activeConnections);
    this.#gauge("connecting", "Handshakes under way", stats.connecting);
    this.#gauge("lingering", "Ended connections whose socket the peer holds", stats.lingering);
    this.#gauge("throttled_connections", "Connections being conflated", stats.throttled);
    this.#counter("connections_accepted_total", "Connections accepted", stats.accepted);
    this.#counter("connection_failures_total", "Connection actors that failed", stats.failures);
    this.#counter("listener_losses_total", "Losses of the listener", this.#listenerLosses);
    const ended = this.#labelled("connections_ended_total", "Connections ended, by cause", "cause");
    for (const [cause, count] of Object.entries(stats.endings)) ended.inc({ cause }, count);
  }

  #turnedAway(counts: RefusalCounts): void {
    for (const kind of ["handshake", "request"] as const) {
      const help = `${kind === "handshake" ? "Handshakes" : "Requests"} refused, by code`;
      const refused = this.#labelled(`${kind}s_refused_total`, help, "code");
      for (const [code, count] of Object.entries(counts[kind])) refused.inc({ code }, count);
    }
  }

  /** Names and their doubles (gauge and counter per channel) are those of deployed dashboards. */
  #messages(stats: GatewayStats): void {
    const perChannel = Object.entries(stats.channels).map(([channel, { sent, shed }]) => {
      const dropped = Object.values(shed).reduce((total, count) => total + count, 0);
      return { channel, sent, dropped, shed };
    });
    for (const kind of ["sent", "dropped"] as const) {
      const what = kind === "sent" ? "Events delivered" : "Events shed";
      const total = perChannel.reduce((sum, counts) => sum + counts[kind], 0);
      this.#counter(`messages_${kind}_total`, `${what}, over all connections`, total);
      const name = `messages_${kind}`;
      const gauge = this.#labelledGauge(`${name}_channel`, `${what}, by channel`);
      const counter = this.#labelled(`${name}_counter_total`, `${what}, by channel`, "channel");
      for (const counts of perChannel) {
        gauge.set({ channel: counts.channel }, counts[kind]);
        counter.inc({ channel: counts.channel }, counts[kind]);
      }
    }
    const shedding = new Counter({
      name: `${PREFIX}_messages_shed_total`,
      help: "Events shed, by channel and reason",
      labelNames: ["channel", "reason"],
      registers: [this.#registry],
    });
    for (const { channel, shed } of perChannel) {
      for (const [reason, count] of Object.entries(shed)) shedding.inc({ channel, reason }, count);
    }
  }

  #streams(stats: GatewayStats): void {
    const published = this.#labelled("events_published_total", "Events accepted", "channel");
    const unknown = "Unknown fields of published events that were left out";
    const ignored = this.#labelled("ignored_fields_total", unknown, "channel");
    const ignoredByChannel = this.#ignored();
    const help = "Events left out for clients that want the latest alone, by channel";
    const conflated = this.#labelled("messages_conflated_total", help, "channel");
    const gauges = {
      head: this.#labelledGauge("channel_head", "Number of the last event"),
      subscribers: this.#labelledGauge("channel_subscribers", "Connections subscribed"),
      snapshotSize: this.#labelledGauge("snapshot_size", "States that a replay draws from"),
      ringEvents: this.#labelledGauge("ring_events", "Events held in memory"),
      ringBytes: this.#labelledGauge("ring_bytes", "Bytes held in memory"),
    };
    for (const [channel, numbers] of Object.entries(stats.channels)) {
      published.inc({ channel }, numbers.published);
      ignored.inc({ channel }, ignoredByChannel.get(channel as Channel) ?? 0);
      conflated.inc({ channel }, numbers.conflated);
      for (const [key, gauge] of Object.entries(gauges)) {
        gauge.set({ channel }, numbers[key as keyof typeof gauges]);
      }
    }
  }

  /** A channel without an event has no time: alerts on an age must not take 0 for one. */
  #freshness(statuses: readonly ChannelStatus[]): void {
    const stale = this.#labelledGauge("channel_stale", "1 while a declared channel is silent");
    const name = "channel_last_event_timestamp_seconds";
    const last = this.#labelledGauge(name, "When the last event was accepted, Unix time");
    for (const { channel, state, lastEventAt } of statuses) {
      stale.set({ channel }, Number(state === "stale"));
      if (lastEventAt !== undefined) last.set({ channel }, lastEventAt / 1_000);
    }
  }

  #store({ commits, failures, failing }: StorageStats): void {
    this.#counter("store_commits_total", "Commits that were kept", commits);
    this.#counter("store_commit_failures_total", "Commits that failed", failures);
    this.#gauge("store_failing", "1 while the last commit failed", Number(failing));
  }

  /** Only what needs no permission: prom-client's own process metrics would read 0. */
  #process(stats: GatewayStats): void {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    this.#gauge("uptime_seconds", "Time since the start", stats.uptimeMillis / 1_000);
    this.#counter("cpu_seconds_total", "CPU time used", (cpu.user + cpu.system) / 1_000_000);
    this.#gauge("resident_memory_bytes", "Resident memory", memory.rss);
    this.#gauge("heap_used_bytes", "JavaScript heap in use", memory.heapUsed);
  }

  #gauge(name: string, help: string, value: number): void {
    new Gauge({ name: `${PREFIX}_${name}`, help, registers: [this.#registry] }).set(value);
  }

  #counter(name: string, help: string, value: number): void {
    new Counter({ name: `${PREFIX}_${name}`, help, registers: [this.#registry] }).inc(value);
  }

  #labelled<Label extends string>(name: string, help: string, label: Label): Counter<Label> {
    const labelNames = [label];
    return new Counter({
      name: `${PREFIX}_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
    });
  }

  #labelledGauge(name: string, help: string): Gauge<"channel"> {
    const options = { name: `${PREFIX}_${name}`, help, labelNames: ["channel"] as const };
    return new Gauge({ ...options, registers: [this.#registry] });
  }
}
