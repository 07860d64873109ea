/**
 * Healthy clients beside an attack: what the gateway's other users notice of it. A few v1 or v2
 * clients and one light publisher run in a worker, so that the attacker's own event loop does not
 * distort what they measure.
 *
 *     await using healthy = await HealthyClients.start(gateway);
 *     const idle = await healthy.measure("idle", 3_000);
 *     const attack = await healthy.measure("attack", () => attackTheGateway());
 *     console.table([idle, attack]);
 *
 * Latency runs from the moment at which an event was due to be published until a client has it, so
 * that a publisher that is held up itself does not hide the pause (coordinated omission).
 *
 * @module
 */
import type { HealthyAnswer, HealthyRequest } from "./healthy_client_worker.ts";

/** How the clients and their publisher behave. */
export interface HealthyOptions {
  /** Clients; 2 when absent. */
  readonly clients?: number;
  /** The protocol that they speak; `v1` when absent. */
  readonly protocol?: "v1" | "v2";
  /** What they subscribe to; `market-data` when absent. */
  readonly channel?: "market-data" | "risk-alerts";
  /** Market-data events published a second, one a request; 50 when absent, 0 for none. */
  readonly eventsPerSecond?: number;
  /** Whether clients send a heartbeat after connecting, as desktops do; not when absent. */
  readonly heartbeats?: boolean;
}

/**
 * Text that marks an event as due now; the clients recognise it in any field. For a measured event
 * that the attack publishes itself.
 */
export function dueNow(): string {
  return dueMark(performance.timeOrigin + performance.now());
}

/** The mark of an event that was due at a time in epoch ms, the same for all threads. */
export function dueMark(epochMillis: number): string {
  return `due:${epochMillis.toFixed(3)}`;
}

/** What healthy clients saw during one phase. Times are in ms, from due to received. */
export interface HealthyFigures {
  readonly phase: string;
  /** Events published. */
  readonly published: number;
  /** Publications that were not answered 202, or not within 10 s. */
  readonly refused: number;
  /** What the first of them was answered. */
  readonly firstRefusal?: string;
  /** Deliveries that had not arrived 15 s after the phase, or were conflated; of acknowledged events. */
  readonly missing: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** 99th percentile from due to acknowledged: what the publisher waits for. */
  readonly ackP99: number;
}

/** See the module. Disposing of it ends the worker and with it the connections. */
export class HealthyClients implements AsyncDisposable {
  readonly #worker = new Worker(new URL("./healthy_client_worker.ts", import.meta.url), {
    type: "module",
  });
  #answer = Promise.withResolvers<HealthyAnswer>();

  private constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<HealthyAnswer>) => this.#answer.resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#answer.reject(new Error(event.message));
    };
  }

  /**
   * Connects the clients to a gateway; the publisher publishes during phases only.
   *
   * @param gateway Its address, and a key that may subscribe and publish.
   */
  static async start(
    gateway: { readonly url: string; readonly apiKey: string },
    options: HealthyOptions = {},
  ): Promise<HealthyClients> {
    const { clients = 2, protocol = "v1", channel = "market-data" } = options;
    const { eventsPerSecond = 50, heartbeats = false } = options;
    const { url, apiKey } = gateway;
    const healthy = new HealthyClients();
    try {
      await healthy.#ask({
        kind: "open",
        url,
        apiKey,
        clients,
        protocol,
        channel,
        eventsPerSecond,
        heartbeats,
      });
      return healthy;
    } catch (error) {
      await healthy[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Publishes and measures during one phase.
   *
   * @param phase Its name in the figures.
   * @param during How long in ms, or what to do meanwhile; it returns how many events with
   *   {@link dueNow} were acknowledged to it, if any.
   * @throws {Error} When a healthy client lost its connection, or what `during` threw.
   */
  async measure(
    phase: string,
    during: number | (() => Promise<number | void>),
  ): Promise<HealthyFigures> {
    await this.#ask({ kind: "begin" });
    let alsoExpected = 0;
    try {
      if (typeof during === "function") alsoExpected = await during() ?? 0;
      else await new Promise((resolve) => setTimeout(resolve, during));
    } finally {
      await this.#ask({ kind: "pause" });
    }
    const answer = await this.#ask({ kind: "figures", alsoExpected });
    return { phase, ...answer.figures! };
  }

  async #ask(request: HealthyRequest): Promise<HealthyAnswer> {
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(request);
    const answer = await this.#answer.promise;
    if (answer.error !== undefined) throw new Error(`healthy client: ${answer.error}`);
    return answer;
  }

  /** Ends the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    return Promise.resolve();
  }
}
