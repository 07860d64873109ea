/**
 * One rate limit for each of many subjects.
 *
 * @module
 */
import { BoundedMap } from "../bounded_map.ts";
import type { Clock } from "../ports.ts";
import { TokenBucket } from "../stream/token_bucket.ts";

/** Most subjects remembered; one that was forgotten starts with a full bucket. */
export const MAX_SUBJECTS = 10_000;

/** Token buckets by subject, with a burst of one second's worth. */
export class Rates {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #buckets = new BoundedMap<string, TokenBucket>({ maxEntries: MAX_SUBJECTS });

  /** @param perSecond What each subject may do a second; 0 is unlimited. */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Subjects remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts something that a subject does; `false` when it has done too much. */
  take(subject: string): boolean {
    if (this.#perSecond === 0) return true;
    const now = this.#clock.now();
    let bucket = this.#buckets.get(subject);
    if (bucket === undefined) {
      this.#forgetIdle(now);
      bucket = new TokenBucket(this.#perSecond, now);
      this.#buckets.set(subject, bucket);
    }
    return bucket.take(now);
  }

  /** Forgets the oldest while they would start as full as they are. */
  #forgetIdle(now: number): void {
    for (const [subject, bucket] of this.#buckets) {
      if (bucket.level(now) < 1) return;
      this.#buckets.delete(subject);
    }
  }
}
