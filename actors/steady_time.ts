/**
 * Time of day that does not step: the wall clock as it was once, and what has elapsed since.
 *
 * @module
 */
import type { Clock } from "./ports.ts";

/** A line of epoch ms for ages, windows and gaps within a process. */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #origin: number;

  /**
   * Begins now.
   *
   * @param epochMillis The time that it begins with; that of the wall clock when absent.
   */
  constructor(clock: Clock, epochMillis: number = clock.epochMillis()) {
    this.#clock = clock;
    this.#origin = epochMillis - clock.now();
  }

  /** Epoch ms, as if the wall clock had not been set since the beginning. */
  now(): number {
    return this.#origin + this.#clock.now();
  }
}
