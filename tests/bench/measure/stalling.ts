/**
 * One run with clients that have stopped reading: what they cost in memory, and what the others
 * notice.
 *
 * @module
 */
import { pause } from "../../support/wait.ts";
import { openMany } from "../client/load_connection.ts";
import { disturbances, readUsage, windowOf } from "../process_usage.ts";
import type { Measured } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";

/** The load of a run. */
export interface StallingLoad extends FleetOptions {
  /** Clients beside the others that read nothing once they are subscribed. */
  readonly stalled: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** What a run measured. */
export interface Stalling extends Measured {
  /** Highest resident memory over that at the start, in MiB. */
  readonly rssGrowthMib: number;
  /** From due to received by those who read, in ms. */
  readonly latencies: readonly number[];
  /** Sockets that are closed for the gateway and not yet gone, at the end. */
  readonly lingering: number;
  /** Share of a core that the server used. */
  readonly cpuShare: number;
}

/** Starts a gateway, lets clients stall, and ends it. */
export async function measureStalling(
  contestant: Contestant,
  load: StallingLoad,
): Promise<Stalling> {
  await using server = await contestant.start();
  using fleet = await Fleet.open(server, load);
  const { publisher, probes } = fleet;
  publisher.start(load.eventsPerSecond);
  await pause(load.warmUpSeconds * 1_000);
  const before = readUsage(server.pid);
  const stalled = await openMany(server.plan, load.clients, load.stalled, 4_096);
  probes.record();
  let highest = before.rssKib;
  const until = performance.now() + load.seconds * 1_000;
  while (performance.now() < until) {
    await pause(500);
    highest = Math.max(highest, readUsage(server.pid).rssKib);
  }
  probes.pause();
  const after = readUsage(server.pid);
  const lingering = await lingeringSockets(server.publishing);
  await publisher.stop();
  for (const connection of stalled) connection.drop();
  const { gaps, ended } = await fleet.settle();
  if (gaps > 0 || ended > 0) throw new Error(`${gaps} gaps, ${ended} connections ended`);
  return {
    rssGrowthMib: (highest - before.rssKib) / 1_024,
    latencies: probes.latencies,
    lingering,
    window: windowOf(before, after),
    faults: [],
    doubts: disturbances(before, after),
    cpuShare: (after.cpuMillis - before.cpuMillis) / (after.at - before.at),
  };
}

async function lingeringSockets(
  { port, headers }: { readonly port: number; readonly headers: Readonly<Record<string, string>> },
): Promise<number> {
  const url = `http://127.0.0.1:${port}/api/v1/websocket/stats`;
  const { data } = await (await fetch(url, { headers })).json();
  return data.lingering;
}
