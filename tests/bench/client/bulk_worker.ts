/**
 * The worker that holds most clients. It reads each of them only every so often and blocks its
 * thread in between, so that the kernel has nobody to wake for a frame: ten times cheaper than
 * reading each as it comes, and nothing that the server could notice.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { type LoadConnection, openMany, tallyOf } from "./load_connection.ts";
import type { ClientPlan, Tally } from "./plan.ts";

/** What the worker is asked. */
export type BulkRequest =
  | {
    readonly kind: "open";
    readonly plan: ClientPlan;
    /** Number of the first client. */
    readonly first: number;
    readonly count: number;
    readonly bufferBytes: number;
    /** Time between two reads of a connection, in ms. */
    readonly periodMillis: number;
  }
  /** Reads everything that is there, and adds up. */
  | { readonly kind: "tally" };

/** What it answers: one for each request, in order. */
export type BulkAnswer =
  | { readonly kind: "opened" }
  | { readonly kind: "tally"; readonly tally: Tally }
  | { readonly kind: "failed"; readonly error: string };

/** Groups that the connections are read in, so that a round never takes long. */
const GROUPS = 5;

/** Connections of which the system says in one turn of the loop that they can be read. */
const NAMED_AT_ONCE = 1_000;

/** Turns of the loop that a tally may take to read everything that is there. */
const MAX_TALLY_TURNS = 30;

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let connections: LoadConnection[] = [];
let periodMillis = 100;
let failure: string | undefined;
let reads = 0;

self.onmessage = ({ data }: MessageEvent<BulkRequest>) => {
  answer(data).then((reply) => self.postMessage(reply));
};

async function answer(request: BulkRequest): Promise<BulkAnswer> {
  try {
    if (failure !== undefined) throw new Error(failure);
    if (request.kind === "tally") {
      // The system names about a thousand connections at a time.
      for (let turn = 0; turn < MAX_TALLY_TURNS && await readGroup(0, 1) > 0; turn++);
      return { kind: "tally", tally: tallyOf(connections) };
    }
    const { plan, first, count, bufferBytes } = request;
    connections = await openMany(plan, first, count, bufferBytes);
    periodMillis = request.periodMillis;
    readForever();
    return { kind: "opened" };
  } catch (error) {
    return { kind: "failed", error: (error as Error).message };
  }
}

async function readForever(): Promise<void> {
  try {
    for (let round = 0;; round++) {
      const until = performance.now() + periodMillis / GROUPS;
      for (let turn = 0; turn < connections.length; turn += NAMED_AT_ONCE) {
        await readGroup(round % GROUPS, GROUPS);
      }
      Atomics.wait(sleeper, 0, 0, Math.max(1, until - performance.now()));
    }
  } catch (error) {
    failure = (error as Error).message;
  }
}

/**
 * Starts a read on each connection of a group that has none under way, and lets them happen.
 *
 * @returns How many reads brought something.
 */
async function readGroup(group: number, groups: number): Promise<number> {
  const before = reads;
  for (let index = group; index < connections.length; index += groups) {
    const connection = connections[index]!;
    if (connection.reading || connection.ended) continue;
    connection.read().then(() => reads += 1, (error) => failure = (error as Error).message);
  }
  // One turn of the loop lets the system say what is there; messages get their turn as well.
  await new Promise((resolve) => setTimeout(resolve, 0));
  return reads - before;
}
