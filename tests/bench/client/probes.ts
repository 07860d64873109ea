/**
 * The clients that are read at once, to see how long events take to arrive. They are few, and spread
 * among the others in the order of connecting, as a server reaches its clients one after another.
 *
 * @module
 */
import type { LoadConnection } from "./load_connection.ts";
import { openMany, tallyOf } from "./load_connection.ts";
import type { ClientPlan, Tally } from "./plan.ts";
import type { BenchPublisher } from "./publisher.ts";

/** Clients that measure latency. */
export class Probes implements Disposable {
  /** From due to received, in ms; one for each event and probe while recording. */
  latencies: number[] = [];
  readonly #connections: LoadConnection[] = [];
  #recording = false;
  #failure: Error | undefined;

  /** Adds probes; they are read from now on. */
  async add(
    plan: ClientPlan,
    first: number,
    count: number,
    publisher: BenchPublisher,
  ): Promise<void> {
    for (const connection of await openMany(plan, first, count, 16_384)) {
      this.#connections.push(connection);
      this.#readForever(connection, publisher).catch((error) => this.#failure = error);
    }
  }

  /** Forgets what was recorded, and records from now on. */
  record(): void {
    this.latencies = [];
    this.#recording = true;
  }

  /** Stops recording. */
  pause(): void {
    this.#recording = false;
  }

  /** What they have seen up to now. */
  tally(): Tally {
    if (this.#failure !== undefined) throw this.#failure;
    return tallyOf(this.#connections);
  }

  async #readForever(connection: LoadConnection, publisher: BenchPublisher): Promise<void> {
    const { counter } = connection;
    while (!connection.ended) {
      const before = counter.head;
      await connection.read();
      if (!this.#recording || before === 0) continue;
      const now = performance.now();
      for (let seq = before + 1; seq <= counter.head; seq++) {
        this.latencies.push(now - publisher.dueAt(seq));
      }
    }
  }

  /** Cuts the connections. */
  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.drop();
  }
}
