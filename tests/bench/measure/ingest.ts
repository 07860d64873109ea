/**
 * One run of publishing: how many events a second of server CPU takes in, and how long publishers
 * wait for the acknowledgement.
 *
 * @module
 */
import { eventLines } from "../client/market_events.ts";
import { BenchPublisher } from "../client/publisher.ts";
import { disturbances, readUsage, windowOf } from "../process_usage.ts";
import type { Measured } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";

/** Bodies that are made before the run and sent in turn. */
const BODIES = 20;

/** The load of a run. */
export interface IngestLoad {
  readonly eventsPerBatch: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** What a run measured. */
export interface Ingest extends Measured {
  /** Events per second of server CPU. */
  readonly eventsPerCpuSecond: number;
  /** Events per second on the clock, one batch under way at a time. */
  readonly eventsPerSecond: number;
  /** From sending a batch to its acknowledgement, in ms. */
  readonly acks: readonly number[];
}

/** Starts a server, publishes to it as fast as it acknowledges, and ends it. */
export async function measureIngest(contestant: Contestant, load: IngestLoad): Promise<Ingest> {
  const { eventsPerBatch, seconds, warmUpSeconds } = load;
  const bodies = Array.from(
    { length: BODIES },
    (_, index) => eventLines(index * eventsPerBatch, eventsPerBatch),
  );
  await using server = await contestant.start();
  using publisher = await BenchPublisher.connect(server.publishing);
  await publishFor(publisher, bodies, warmUpSeconds);
  const before = readUsage(server.pid);
  const acks = await publishFor(publisher, bodies, seconds);
  const after = readUsage(server.pid);
  const events = acks.length * eventsPerBatch;
  return {
    eventsPerCpuSecond: (events / (after.cpuMillis - before.cpuMillis)) * 1_000,
    eventsPerSecond: (events / (after.at - before.at)) * 1_000,
    acks,
    window: windowOf(before, after),
    faults: [],
    doubts: disturbances(before, after),
  };
}

async function publishFor(
  publisher: BenchPublisher,
  bodies: readonly string[],
  seconds: number,
): Promise<number[]> {
  const acks: number[] = [];
  const until = performance.now() + seconds * 1_000;
  for (let now = performance.now(); now < until;) {
    await publisher.post(bodies[acks.length % bodies.length]!);
    const acknowledged = performance.now();
    acks.push(acknowledged - now);
    now = acknowledged;
  }
  return acks;
}
