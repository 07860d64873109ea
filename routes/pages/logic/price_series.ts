/**
 * The prices of one symbol in the order of time: from history what was before, then from the stream.
 *
 * @module
 */
import { firstAtOrAfter } from "./chart_scale.ts";
import type { Point } from "./sparkline.ts";

/** Most prices that are kept; the oldest leave. */
export const MAX_PRICES = 20_000;

/** See the module. */
export class PriceSeries {
  #points: Point[] = [];

  /** The prices, the oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** Takes a price of now; what is not later than the last one is left out. */
  append(at: number, value: number): boolean {
    const last = this.#points.at(-1);
    if (!Number.isFinite(value) || (last !== undefined && at <= last.at)) return false;
    this.#points.push({ at, value });
    // In one go, as each time moves all of them.
    if (this.#points.length > MAX_PRICES * 1.1) this.#points = this.#points.slice(-MAX_PRICES);
    return true;
  }

  /** Takes prices of before, in the order of time; those that overlap what is there are left out. */
  prepend(points: readonly Point[]): void {
    const first = this.#points[0]?.at ?? Infinity;
    const older = points.slice(0, firstAtOrAfter(points, first))
      .filter(({ value }) => Number.isFinite(value));
    this.#points = [...older, ...this.#points].slice(-MAX_PRICES);
  }
}
