/**
 * Notices that the wall clock was set: by hand, by NTP, by a restored image.
 *
 * @module
 */
import type { Clock } from "./ports.ts";

/** Difference between wall clock and monotonic clock that counts as a step, in ms. */
export const STEP_MILLIS = 3_000;

/** Largest drift between two checks that does not count as a step, in ms. */
const DRIFT_MILLIS = 1;

/** Compares the two clocks. */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #onStep: (millis: number) => void;
  /** The wall clock less the monotonic one. */
  #offset: number;

  /**
   * Begins with the clocks as they are.
   *
   * @param onStep Told of each step in ms, negative when the wall clock was set back.
   */
  constructor(clock: Clock, onStep: (millis: number) => void) {
    this.#clock = clock;
    this.#onStep = onStep;
    this.#offset = clock.epochMillis() - clock.now();
  }

  /** Compares. Called a few times a second, and before what depends on elapsed time is decided. */
  check(): void {
    const clock = this.#clock;
    clock.catchUp?.();
    const step = clock.epochMillis() - clock.now() - this.#offset;
    if (Math.abs(step) < STEP_MILLIS) {
      // A clock that is slewed moves by less than this, however long it takes.
      this.#offset += Math.max(-DRIFT_MILLIS, Math.min(DRIFT_MILLIS, step));
      return;
    }
    this.#offset += step;
    this.#onStep(step);
  }
}
