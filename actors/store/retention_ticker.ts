/**
 * Keeps a store within its limits while the gateway runs.
 *
 * @module
 */
import type { Clock, Logger, Store } from "../ports.ts";

/** Time between two looks when nothing was over the limits, in ms. */
export const RETENTION_MILLIS = 1_000;

/**
 * Pause between two steps while there is more, in ms. At 500 rows a step this forgets more than
 * 50,000 events a second, which is more than come in, and leaves most of the loop to others.
 */
export const RETENTION_PAUSE_MILLIS = 5;

/** Takes a step of retention on every tick. */
export class RetentionTicker {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: Store;
  #timer: unknown;
  #stopped = false;
  #failing = false;

  /** Starts ticking. */
  constructor(clock: Clock, log: Logger, store: Store) {
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.#arm(RETENTION_MILLIS);
  }

  /** Stops ticking; a step under way is finished. */
  stop(): void {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #arm(millis: number): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.setTimeout(() => void this.#tick(), millis);
  }

  async #tick(): Promise<void> {
    let more = false;
    try {
      more = await this.#store.retain(this.#clock.epochMillis());
      this.#failing = false;
    } catch (error) {
      // A full disk fails every tick; once is enough to say so.
      if (!this.#failing && !this.#stopped) {
        this.#log.warn("retention failed", { error: String(error) });
      }
      this.#failing = true;
    }
    this.#arm(more ? RETENTION_PAUSE_MILLIS : RETENTION_MILLIS);
  }
}
