/**
 * A small line of what a number was: points in, the path of an SVG out.
 *
 * @module
 */

/** A value at a time. */
export interface Point {
  /** Epoch ms. */
  readonly at: number;
  readonly value: number;
}

/**
 * Keeps what a number was, up to a span back, in a bounded number of points: the longer it lasts, the
 * further apart they are.
 */
export class Trail {
  readonly #spanMs: number;
  readonly #maxPoints: number;
  #stepMs: number;
  #points: Point[] = [];

  /**
   * Holds at most `maxPoints` points.
   *
   * @param spanMs How far back it goes.
   * @param firstStepMs The distance of two points as long as there is room; it doubles.
   */
  constructor(spanMs: number, maxPoints: number, firstStepMs: number) {
    this.#spanMs = spanMs;
    this.#maxPoints = maxPoints;
    this.#stepMs = firstStepMs;
  }

  /** The points, oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** Takes a value; of one step the last one stays. What comes out of order is left out. */
  add(at: number, value: number): void {
    const last = this.#points.at(-1);
    if (!Number.isFinite(value) || last !== undefined && at < last.at) return;
    const isSameStep = last !== undefined && this.#stepOf(at) === this.#stepOf(last.at);
    if (isSameStep) this.#points.pop();
    this.#points.push({ at, value });
    while (this.#points[0]!.at < at - this.#spanMs) this.#points.shift();
    if (this.#points.length > this.#maxPoints) this.#thinOut();
  }

  #thinOut(): void {
    this.#stepMs *= 2;
    const lastOfStep = (point: Point, index: number) => {
      const next = this.#points[index + 1];
      return next === undefined || this.#stepOf(next.at) !== this.#stepOf(point.at);
    };
    this.#points = this.#points.filter(lastOfStep);
  }

  #stepOf(at: number): number {
    return Math.floor(at / this.#stepMs);
  }
}

/**
 * The path of a line through the points, in a box whose origin is its upper left corner.
 *
 * @returns Nothing for fewer than two points, a line in the middle when all are equal.
 */
export function sparkPath(points: readonly Point[], width: number, height: number): string {
  if (points.length < 2) return "";
  const [from, to] = [points[0]!.at, points.at(-1)!.at];
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (at: number) => to === from ? 0 : (at - from) / (to - from) * width;
  const y = (value: number) => high === low ? height / 2 : (high - value) / (high - low) * height;
  const round = (value: number) => Math.round(value * 10) / 10;
  return points
    .map(({ at, value }, index) => `${index === 0 ? "M" : "L"}${round(x(at))} ${round(y(value))}`)
    .join("");
}
