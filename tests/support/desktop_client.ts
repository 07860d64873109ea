/**
 * The deployed desktop client, with its habits: anonymous, never sends a message, decodes strictly,
 * reconnects at once when an accepted connection ends, whatever the close code, and gives up after
 * five refused attempts in a row.
 *
 * @module
 */
import { decodeV1, type V1Message } from "./decode_v1.ts";
import { RawWebSocket } from "./raw_websocket.ts";
import { HandshakeRefused } from "./ws_handshake.ts";
import { waitUntil } from "./wait.ts";

/** Its timings, which a test suite shortens. */
export interface DesktopTimings {
  /** Pause after a refused attempt, in ms. */
  readonly retryDelayMs: number;
  /** Refused attempts in a row after which it gives up. */
  readonly maxRefusals: number;
  /** Silence after which it drops the connection and starts over, in ms. */
  readonly silenceMs: number;
}

/** The timings of the deployed program. */
export const DEPLOYED_TIMINGS: DesktopTimings = {
  retryDelayMs: 5_000,
  maxRefusals: 5,
  silenceMs: 30_000,
};

/** What it always connects to. */
export const DESKTOP_PATH =
  "/ws/telemetry?channels=trader.status,risk.alert,system.warning&replay=false";

/** What the program's window would show. */
export type DesktopState = "connecting" | "connected" | "waiting" | "gave up" | "stopped";

/** See the module. */
export class DesktopClient implements AsyncDisposable {
  /** Every message of every connection. */
  readonly messages: V1Message[] = [];
  /** Times of the accepted connections (`performance.now()`). */
  readonly acceptedAt: number[] = [];
  /** Times of the refused attempts (`performance.now()`). */
  readonly refusedAt: number[] = [];
  /** Times at which an accepted connection ended (`performance.now()`). */
  readonly endedAt: number[] = [];
  /** What it could not decode; a deployed client would have crashed. */
  readonly faults: Error[] = [];
  state: DesktopState = "connecting";
  /** Connections that it dropped for their silence. */
  restarts = 0;

  readonly #url: string;
  readonly #timings: DesktopTimings;
  readonly #stop = Promise.withResolvers<void>();
  readonly #run: Promise<void>;

  private constructor(url: string, timings: DesktopTimings) {
    this.#url = url;
    this.#timings = timings;
    this.#run = this.#live();
  }

  /** Starts the client; it lives until it gives up or is disposed of. */
  static start(wsUrl: string, timings: Partial<DesktopTimings> = {}): DesktopClient {
    return new DesktopClient(wsUrl + DESKTOP_PATH, { ...DEPLOYED_TIMINGS, ...timings });
  }

  /** Waits until the client as a whole satisfies a condition. */
  async until(what: string, holds: (client: this) => boolean, withinMs = 10_000): Promise<void> {
    const look = () => ({
      holds: this.faults.length > 0 || holds(this),
      state: this.state,
      accepted: this.acceptedAt.length,
      refused: this.refusedAt.length,
      restarts: this.restarts,
      last: this.messages.at(-1),
    });
    await waitUntil(what, look, (seen) => seen.holds, { withinMs });
    if (this.faults[0] !== undefined) throw this.faults[0];
  }

  /** The events of a channel, over all connections. */
  events(channel: string): V1Message[] {
    return this.messages.filter((one) => one.type === "event" && one.channel === channel);
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.resolve();
    await this.#run;
  }

  async #live(): Promise<void> {
    let stopped = false;
    this.#stop.promise.then(() => stopped = true);
    let refusals = 0;
    while (!stopped && refusals < this.#timings.maxRefusals) {
      this.state = "connecting";
      if (await this.#connectOnce()) {
        refusals = 0;
        this.endedAt.push(performance.now());
        continue;
      }
      refusals++;
      this.refusedAt.push(performance.now());
      this.state = "waiting";
      if (refusals < this.#timings.maxRefusals) await this.#sleep(this.#timings.retryDelayMs);
    }
    this.state = stopped ? "stopped" : "gave up";
  }

  /** One connection to its end; `false` when it was refused. */
  async #connectOnce(): Promise<boolean> {
    let silence: number | undefined;
    const { promise: silent, resolve } = Promise.withResolvers<void>();
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(resolve, this.#timings.silenceMs) as unknown as number;
    };
    const onText = (text: string) => {
      heard();
      this.#decode(text);
    };
    try {
      await using socket = await this.#open(onText);
      if (socket === null) return false;
      heard();
      this.acceptedAt.push(performance.now());
      this.state = "connected";
      await Promise.race([
        socket.ended,
        this.#stop.promise,
        silent.then(() => this.restarts++),
      ]);
      return true;
    } finally {
      clearTimeout(silence);
    }
  }

  async #open(onText: (text: string) => void): Promise<RawWebSocket | null> {
    try {
      return await RawWebSocket.open(this.#url, { onText, withinMs: 30_000 });
    } catch (error) {
      // Both count the same for the program: no listener, and an answer other than 101.
      const refused = error instanceof HandshakeRefused ||
        error instanceof Deno.errors.ConnectionRefused ||
        error instanceof Deno.errors.ConnectionReset ||
        error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.UnexpectedEof;
      if (refused) return null;
      throw error;
    }
  }

  #decode(text: string): void {
    try {
      this.messages.push(decodeV1(text));
    } catch (error) {
      this.faults.push(error as Error);
    }
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#stop.promise]);
    clearTimeout(timer);
  }
}
