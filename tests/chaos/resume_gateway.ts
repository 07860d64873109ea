/**
 * One gateway after another on the same store and port, ended in every way there is.
 *
 * @module
 */
import { GatewayProcess, randomKey } from "../support/gateway_process.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { pause } from "../support/wait.ts";

/** Small rings and rates: clients fall behind, are conflated, and read from the store. */
const ENV = {
  TELEMETRY_STORE: "sqlite",
  TELEMETRY_BOOT_ID: BOOT,
  TELEMETRY_DEDUPE_WINDOW_SECONDS: "3600",
  TELEMETRY_RING_CAPACITY: "128",
  TELEMETRY_RATE_LIMIT_PER_SECOND: "6",
  TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "1",
  TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "20",
  TELEMETRY_DRAIN_SECONDS: "3",
} as const;

/** Its lives. */
export class GatewayLives implements AsyncDisposable {
  /** How they ended. */
  readonly counts = { kills: 0, drains: 0, slowestStartMs: 0 };
  /** Warnings and errors of ended lives. */
  readonly logs: string[] = [];
  readonly apiKey: string = randomKey();
  readonly #directory = new TempDir();
  #gateway!: GatewayProcess;
  #port = 0;

  private constructor() {}

  /** Starts the first one. */
  static async begin(): Promise<GatewayLives> {
    const lives = new GatewayLives();
    await lives.start();
    return lives;
  }

  /** `http://127.0.0.1:<port>`, the same in every life. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** `ws://127.0.0.1:<port>` */
  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Begins a life. */
  async start(): Promise<void> {
    const from = performance.now();
    this.#gateway = await GatewayProcess.start({
      env: { ...ENV, TELEMETRY_DATA_DIR: this.#directory.path },
      apiKey: this.apiKey,
      port: this.#port,
    });
    this.#port = this.#gateway.port;
    const tookMs = Math.round(performance.now() - from);
    this.counts.slowestStartMs = Math.max(this.counts.slowestStartMs, tookMs);
  }

  /** Ends a life by a kill or a drain. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.#gateway.stop(signal);
    this.counts[signal === "SIGKILL" ? "kills" : "drains"] += 1;
    this.logs.push(...this.#gateway.output.text.split("\n").filter((line) => line !== ""));
    await this.#gateway[Symbol.asyncDispose]();
  }

  /** Ends and begins lives until a moment (`performance.now()`). */
  async storm(untilMs: number, lifeMs: number): Promise<void> {
    while (true) {
      await pause(lifeMs * (0.5 + Math.random()));
      if (performance.now() > untilMs) return;
      await this.end(Math.random() < 0.5 ? "SIGKILL" : "SIGTERM");
      await this.start();
    }
  }

  /** Ends the last one and forgets the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}
