/**
 * Keeps a store within its limits while the gateway runs.
 *
 * @module
 */
import type { Clock, Logger, Store } from "../ports.ts";
import { SteadyTime } from "../steady_time.ts";
import { AgeMarks } from "./age_marks.ts";

/** Pause after a step that found nothing over the limits, in ms. */
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
  readonly #steady: SteadyTime;
  readonly #marks: AgeMarks;
  #timer: unknown;
  #stopped = false;
  #failing = false;

  /**
   * Starts ticking.
   *
   * @param millis Age of retention.
   * @param lastSeen The time from which events that are stored already age on, epoch ms; that of the
   *   wall clock when absent.
   */
  constructor(
    clock: Clock,
    log: Logger,
    store: Store,
    millis: number,
    lastSeen?: number,
  ) {
    this.#steady = new SteadyTime(clock);
    this.#marks = new AgeMarks(store, millis, new SteadyTime(clock, lastSeen));
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
      more = await this.#store.retain(this.#steady.now(), this.#marks.update(this.#clock.now()));
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
