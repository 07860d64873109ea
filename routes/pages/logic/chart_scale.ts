/**
 * The scales of a chart: where a value and a time are, what is written beside them, and the path
 * between them.
 *
 * @module
 */
import type { Point } from "./sparkline.ts";

/** From where to where, in times or values. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Steps of time at which something is written, in ms. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24, 48, 168].map((hours) => hours * 3_600_000),
];

/** Round values within a span, about as many as wanted. */
export function valueTicks({ from, to }: Span, wanted: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const ticks: number[] = [];
  for (let index = Math.ceil(from / step); index * step <= to; index += 1) ticks.push(index * step);
  return ticks;
}

/** Round times within a span, at most as many as wanted. `offset` is the zone's, in ms. */
export function timeTicks({ from, to }: Span, wanted: number, offset: number): number[] {
  const step = TIME_STEPS.find((size) => (to - from) / size <= wanted) ?? TIME_STEPS.at(-1)!;
  const ticks: number[] = [];
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) {
    ticks.push(at);
  }
  return ticks;
}

/** The lowest and highest value with a margin, so that no line touches the edge. */
export function valueSpan(points: readonly Point[]): Span {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of points) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.001 || 1;
  return { from: low - margin, to: high + margin };
}

/** The points within a span, with the one before and the one after, so that the line goes on. */
export function pointsWithin(points: readonly Point[], { from, to }: Span): readonly Point[] {
  const first = firstAtOrAfter(points, from);
  const after = firstAtOrAfter(points, to);
  return points.slice(Math.max(0, first - 1), after + 1);
}

/** The point that is closest to a time; `undefined` when there is none. */
export function nearestPoint(points: readonly Point[], at: number): Point | undefined {
  const after = firstAtOrAfter(points, at);
  const [before, next] = [points[after - 1], points[after]];
  if (before === undefined || next === undefined) return before ?? next;
  return at - before.at <= next.at - at ? before : next;
}

/** The index of the first point that is not before a time. */
export function firstAtOrAfter(points: readonly Point[], at: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The path of a price that holds until the next one: of the points of one px the first, the lowest, the
 * highest and the last are drawn, so that no peak is lost however many there are.
 */
export function stepPath(
  points: readonly Point[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  const round = (value: number) => Math.round(value * 10) / 10;
  for (let index = 0; index < points.length;) {
    const column = Math.floor(x(points[index]!.at));
    const first = points[index]!;
    let [low, high, last] = [first.value, first.value, first];
    while (index < points.length && Math.floor(x(points[index]!.at)) === column) {
      last = points[index]!;
      if (last.value < low) low = last.value;
      if (last.value > high) high = last.value;
      index += 1;
    }
    const at = round(x(first.at));
    path += path === "" ? `M${at} ${round(y(first.value))}` : `H${at}V${round(y(first.value))}`;
    if (low < Math.min(first.value, last.value)) path += `V${round(y(low))}`;
    if (high > Math.max(first.value, last.value)) path += `V${round(y(high))}`;
    if (last !== first) path += `V${round(y(last.value))}`;
  }
  return path;
}

/** A span around a time that stays where it is: below 1 closer, above 1 wider. */
export function zoomSpan({ from, to }: Span, around: number, factor: number, whole: Span): Span {
  const span = { from: around - (around - from) * factor, to: around + (to - around) * factor };
  return span.to - span.from >= whole.to - whole.from ? whole : clampSpan(span, whole);
}

/** Moves a span by a part of itself. */
export function panSpan(span: Span, part: number, whole: Span): Span {
  const by = (span.to - span.from) * part;
  return clampSpan({ from: span.from + by, to: span.to + by }, whole);
}

/** The shortest span that can be looked at, in ms. */
const MIN_SPAN_MILLIS = 2_000;

/** Keeps a span within what there is, and long enough to be read. */
export function clampSpan({ from, to }: Span, whole: Span): Span {
  const length = Math.min(Math.max(to - from, MIN_SPAN_MILLIS), whole.to - whole.from);
  const start = Math.max(whole.from, Math.min(from, whole.to - length));
  return { from: start, to: start + length };
}
