/**
 * When to try again: full jitter on top of what the gateway asked for.
 *
 * @module
 */

/** Upper end of the first random delay, in ms; it doubles with each failure. */
const BASE_MILLIS = 1_000;

/** Highest upper end of a random delay, in ms. */
export const CAP_MILLIS = 30_000;

/** Delay after an ending that asks for more patience ("yes, later" in the guide), in ms. */
export const LATER_MILLIS = 10_000;

/** How long a connection must have lived for the failures before it to be forgotten, in ms. */
export const HEALTHY_MILLIS = 60_000;

/**
 * Exponential backoff with full jitter: a random part of an interval that doubles. What the gateway
 * asked for (`going_away`, `Retry-After`, a close code) comes before it, so that nobody is early.
 *
 * Full jitter spreads a crowd best: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** Has seen no failure. @param random A number from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Counts a failure.
   *
   * @param livedMs How long the connection was live, in ms; 0 for an attempt that failed.
   * @param askedMs What the gateway asked for, in ms; 0 when nothing.
   * @returns How long to wait, in ms; never less than was asked for.
   */
  next(livedMs: number, askedMs: number): number {
    if (livedMs >= HEALTHY_MILLIS) this.#failures = 0;
    const ceiling = Math.min(CAP_MILLIS, BASE_MILLIS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    return askedMs + this.#random() * ceiling;
  }
}
