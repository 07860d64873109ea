/**
 * All clients of one run: a few probes that measure latency, spread among many that only count.
 *
 * @module
 */
import { waitUntil } from "../../support/wait.ts";
import { BulkClients } from "../client/bulk.ts";
import { addTallies, EMPTY_TALLY, type Tally } from "../client/plan.ts";
import { Probes } from "../client/probes.ts";
import { BenchPublisher } from "../client/publisher.ts";
import type { RunningServer } from "../servers/contestant.ts";

/** Groups that the clients connect in; after each of them come probes. */
const GROUPS = 2;

/** Who connects. */
export interface FleetOptions {
  /** Clients in all. */
  readonly clients: number;
  /** How many of them measure latency. */
  readonly probes: number;
  /** Bytes that can be read of a client at once; {@link BulkClients} has a default. */
  readonly bufferBytes?: number;
}

/** The clients and the publisher of one run. */
export class Fleet implements Disposable {
  /** Who publishes. */
  readonly publisher: BenchPublisher;
  /** Who measures latency. */
  readonly probes = new Probes();
  readonly #bulk: BulkClients[] = [];

  private constructor(publisher: BenchPublisher) {
    this.publisher = publisher;
  }

  /** Connects everybody. */
  static async open(server: RunningServer, options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(await BenchPublisher.connect(server.publishing));
    try {
      await fleet.#connect(server, options);
      return fleet;
    } catch (error) {
      fleet[Symbol.dispose]();
      throw error;
    }
  }

  async #connect({ plan }: RunningServer, options: FleetOptions): Promise<void> {
    const { clients, probes, bufferBytes } = options;
    const buffers = bufferBytes === undefined ? {} : { bufferBytes };
    let index = 0;
    for (let group = 0; group < GROUPS; group++) {
      const count = share(clients - probes, group);
      if (count > 0) {
        this.#bulk.push(await BulkClients.open(plan, { ...buffers, first: index, count }));
      }
      index += count;
      await this.probes.add(plan, index, share(probes, group), this.publisher);
      index += share(probes, group);
    }
  }

  /** What all clients have seen up to now. */
  async tally(): Promise<Tally> {
    const tallies = await Promise.all(this.#bulk.map((bulk) => bulk.tally()));
    return [this.probes.tally(), ...tallies].reduce(addTallies, EMPTY_TALLY);
  }

  /** Waits until every client has the last event that was published. */
  async settle(withinMs = 20_000): Promise<Tally> {
    return await waitUntil(
      "every client has the last event",
      () => this.tally(),
      ({ lowestHead }) => lowestHead >= this.publisher.published,
      { withinMs, everyMs: 100 },
    );
  }

  /** Cuts all connections. */
  [Symbol.dispose](): void {
    this.publisher[Symbol.dispose]();
    this.probes[Symbol.dispose]();
    for (const bulk of this.#bulk) bulk[Symbol.dispose]();
  }
}

/** The part of a group when something is dealt out. */
function share(total: number, group: number): number {
  return Math.floor((total * (group + 1)) / GROUPS) - Math.floor((total * group) / GROUPS);
}
