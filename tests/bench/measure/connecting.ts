/**
 * One run of connecting: what a connection costs the server in CPU until it is ready for events, and
 * in memory while it is idle.
 *
 * @module
 */
import { pause } from "../../support/wait.ts";
import { BulkClients } from "../client/bulk.ts";
import { disturbances, readUsage, windowOf } from "../process_usage.ts";
import type { Measured } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";

/** Clients that connect first, so that what the first one costs is not counted. */
const FIRST_CLIENTS = 100;

/** The load of a run. */
export interface ConnectingLoad {
  /** Clients that are counted. */
  readonly clients: number;
  /** How long they are idle before the memory is read. */
  readonly idleSeconds: number;
}

/** What a run measured. */
export interface Connecting extends Measured {
  /** Server CPU per connection, in µs. */
  readonly cpuMicros: number;
  /** The same for the second half of them, by when what they run is compiled. */
  readonly laterCpuMicros: number;
  /** Resident memory per connection once all are idle, in KiB. */
  readonly rssKib: number;
  /** Share of a core that the server uses while they are idle. */
  readonly idleShare: number;
}

/** Starts a server, connects to it, waits, and ends it. */
export async function measureConnecting(
  contestant: Contestant,
  { clients, idleSeconds }: ConnectingLoad,
): Promise<Connecting> {
  await using server = await contestant.start();
  const first = Math.min(FIRST_CLIENTS, clients);
  using _first = await BulkClients.open(server.plan, { first: 0, count: first });
  await pause(500);
  const before = readUsage(server.pid);
  const half = Math.floor(clients / 2);
  const load = { bufferBytes: 1_024, periodMillis: 1_000 };
  using one = await BulkClients.open(server.plan, { ...load, first, count: half });
  const between = readUsage(server.pid);
  const rest = { first: first + half, count: clients - half };
  using other = await BulkClients.open(server.plan, { ...load, ...rest });
  const connected = readUsage(server.pid);
  await pause(idleSeconds * 1_000);
  const idle = readUsage(server.pid);
  const ended = (await one.tally()).ended + (await other.tally()).ended;
  if (ended > 0) throw new Error(`${ended} of ${clients} connections ended`);
  return {
    cpuMicros: ((connected.cpuMillis - before.cpuMillis) * 1_000) / clients,
    laterCpuMicros: ((connected.cpuMillis - between.cpuMillis) * 1_000) / rest.count,
    rssKib: (idle.rssKib - before.rssKib) / clients,
    window: windowOf(before, connected),
    faults: [],
    doubts: disturbances(before, connected),
    idleShare: (idle.cpuMillis - connected.cpuMillis) / (idle.at - connected.at),
  };
}
