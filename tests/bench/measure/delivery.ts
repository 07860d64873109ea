/**
 * One run of fan-out: what the server's CPU costs per delivered event, and how long events take.
 *
 * @module
 */
import { pause } from "../../support/wait.ts";
import { disturbances, readUsage, windowOf } from "../process_usage.ts";
import type { Measured } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";

/** The load of a run. */
export interface DeliveryLoad extends FleetOptions {
  readonly eventsPerSecond: number;
  /** Publications a second; beyond it each carries several events. */
  readonly postsPerSecond?: number;
  /** How long is measured. */
  readonly seconds: number;
  /** How long the load runs before that, so that code is compiled and buffers have grown. */
  readonly warmUpSeconds: number;
}

/** What a run measured. */
export interface Delivery extends Measured {
  /** Server CPU per delivered event, in µs. */
  readonly cpuMicros: number;
  /** Share of a core that the server used. */
  readonly cpuShare: number;
  /** Events delivered, once per client, per second. */
  readonly deliveriesPerSecond: number;
  /** Frames delivered per second. */
  readonly framesPerSecond: number;
  /** From due to received, in ms. */
  readonly latencies: readonly number[];
  /** Resident memory at the end, in MiB. */
  readonly rssMib: number;
  /** Events that clients were told they did not get. */
  readonly skipped: number;
}

/** Starts a server, loads it, and ends it. */
export async function measureDelivery(
  contestant: Contestant,
  load: DeliveryLoad,
): Promise<Delivery> {
  await using server = await contestant.start();
  using fleet = await Fleet.open(server, load);
  const { publisher, probes } = fleet;
  publisher.start(load.eventsPerSecond, load.postsPerSecond);
  await pause(load.warmUpSeconds * 1_000);
  const tallyBefore = await fleet.tally();
  const before = readUsage(server.pid);
  const publishedBefore = publisher.published;
  probes.record();
  await pause(load.seconds * 1_000);
  const tallyAfter = await fleet.tally();
  const after = readUsage(server.pid);
  const published = publisher.published - publishedBefore;
  probes.pause();
  await publisher.stop();
  const faults: string[] = [];
  const doubts = disturbances(before, after);
  const final = await fleet.settle().catch(() => undefined);
  if (final === undefined) faults.push("did not deliver everything within 20 s");
  const { gaps, ended, skipped } = final ?? await fleet.tally();
  if (gaps > 0) faults.push(`${gaps} gaps`);
  if (ended > 0) faults.push(`${ended} connections ended`);
  const seconds = (after.at - before.at) / 1_000;
  const delivered = tallyAfter.events - tallyBefore.events;
  if (delivered < published * load.clients * 0.95) {
    doubts.push(
      `behind: ${Math.round(delivered / seconds)} of ` +
        `${Math.round((published * load.clients) / seconds)} deliveries/s`,
    );
  }
  const cpuMillis = after.cpuMillis - before.cpuMillis;
  return {
    cpuMicros: (cpuMillis * 1_000) / delivered,
    cpuShare: cpuMillis / 1_000 / seconds,
    deliveriesPerSecond: delivered / seconds,
    framesPerSecond: (tallyAfter.frames - tallyBefore.frames) / seconds,
    latencies: probes.latencies,
    rssMib: after.rssKib / 1_024,
    skipped,
    window: windowOf(before, after),
    faults,
    doubts,
  };
}
