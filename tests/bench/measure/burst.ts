/**
 * One run of bursts: many events at once to many clients, and how long the loop was held up.
 *
 * @module
 */
import { pause } from "../../support/wait.ts";
import { HttpProbe } from "../client/http_probe.ts";
import { disturbances, readUsage, windowOf } from "../process_usage.ts";
import type { Measured } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";
import { percentile } from "../statistics.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";

/** A line of `loop_watch.ts`. */
const REPORT = /longest pause ([\d.]+) ms, most CPU ([\d.]+) ms/g;

/** The load of a run. */
export interface BurstLoad extends FleetOptions {
  /** Events of a burst, in one publication. */
  readonly events: number;
  /** Bursts, one after the other. */
  readonly bursts: number;
}

/** What a run measured. */
export interface Burst extends Measured {
  /** Longest time that the loop did not come round, seen from inside, in ms. */
  readonly longestPause: number;
  /** Most CPU that the server used between two rounds of its loop, in ms. */
  readonly busiestPause: number;
  /** Slowest answer to a sign of life, in ms. */
  readonly slowestAnswer: number;
  /** From published to received, in ms: all events to all probes. */
  readonly latencies: readonly number[];
}

/** Starts a server that is watched by `loop_watch.ts`, sends it bursts, and ends it. */
export async function measureBurst(contestant: Contestant, load: BurstLoad): Promise<Burst> {
  await using server = await contestant.start();
  using fleet = await Fleet.open(server, load);
  using probe = await HttpProbe.start(server.port);
  await fleet.publisher.burst(load.events); // compiles what the others are measured with
  await fleet.settle();
  await pause(500);
  const watchedFrom = server.output().length;
  const askedFrom = probe.answers.length;
  fleet.probes.record();
  const before = readUsage(server.pid);
  for (let burst = 0; burst < load.bursts; burst++) {
    await fleet.publisher.burst(load.events);
    await fleet.settle();
    await pause(300); // the watcher reports every 250 ms
  }
  const after = readUsage(server.pid);
  const reports = [...server.output().slice(watchedFrom).matchAll(REPORT)];
  const { gaps, ended } = await fleet.tally();
  if (gaps > 0 || ended > 0) throw new Error(`${gaps} gaps, ${ended} connections ended`);
  return {
    longestPause: Math.max(...reports.map(([, millis]) => Number(millis))),
    busiestPause: Math.max(...reports.map(([, , millis]) => Number(millis))),
    slowestAnswer: percentile(probe.answers.slice(askedFrom), 1),
    latencies: fleet.probes.latencies,
    window: windowOf(before, after),
    faults: [],
    doubts: disturbances(before, after),
  };
}
