/**
 * Rate limiting by token bucket: steady rate, burst of one second's worth.
 *
 * @module
 */

/** A token bucket in plain numbers: taking a token allocates nothing. */
export class TokenBucket {
  /** Tokens per second, and the most that can be saved up; 0 is unlimited. */
  readonly rate: number;
  #tokens: number;
  #refilledAt: number;

  /**
   * Starts full.
   *
   * @param rate Tokens per second; 0 is unlimited.
   * @param now Monotonic time in ms.
   */
  constructor(rate: number, now: number) {
    this.rate = rate;
    this.#tokens = rate;
    this.#refilledAt = now;
  }

  /** Takes one token; `false` when there is none. */
  take(now: number): boolean {
    if (this.rate === 0) return true;
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** The filled share of the bucket, 0 to 1. */
  level(now: number): number {
    if (this.rate === 0) return 1;
    this.#refill(now);
    return this.#tokens / this.rate;
  }

  #refill(now: number): void {
    const elapsed = now - this.#refilledAt;
    if (elapsed <= 0) return;
    this.#tokens = Math.min(this.rate, this.#tokens + elapsed * this.rate / 1_000);
    this.#refilledAt = now;
  }
}
