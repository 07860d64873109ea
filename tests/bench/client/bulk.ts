/**
 * The handle on the worker that holds most clients.
 *
 * @module
 */
import type { BulkAnswer, BulkRequest } from "./bulk_worker.ts";
import type { ClientPlan, Tally } from "./plan.ts";

/** How the clients are held. */
export interface BulkOptions {
  /** Number of the first client. */
  readonly first: number;
  readonly count: number;
  /** Bytes that can be read of a connection at once; 16 KiB when absent. */
  readonly bufferBytes?: number;
  /** Time between two reads of a connection, in ms; 100 when absent. */
  readonly periodMillis?: number;
}

/** Many clients on a thread of their own. */
export class BulkClients implements Disposable {
  readonly #worker = new Worker(new URL("./bulk_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: PromiseWithResolvers<BulkAnswer>[] = [];

  private constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<BulkAnswer>) => {
      this.#waiting.shift()?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(event.message));
    };
  }

  /** Opens the clients and waits until all are ready for events. */
  static async open(plan: ClientPlan, options: BulkOptions): Promise<BulkClients> {
    const clients = new BulkClients();
    const { first, count, bufferBytes = 16_384, periodMillis = 100 } = options;
    try {
      await clients.#ask({ kind: "open", plan, first, count, bufferBytes, periodMillis });
      return clients;
    } catch (error) {
      clients[Symbol.dispose]();
      throw error;
    }
  }

  /** What they have seen up to now. */
  async tally(): Promise<Tally> {
    const answer = await this.#ask({ kind: "tally" });
    if (answer.kind !== "tally") throw new Error("not a tally");
    return answer.tally;
  }

  async #ask(request: BulkRequest): Promise<BulkAnswer> {
    const waiting = Promise.withResolvers<BulkAnswer>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(request);
    const answer = await waiting.promise;
    if (answer.kind === "failed") throw new Error(answer.error);
    return answer;
  }

  /** Ends the thread and with it the connections. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
