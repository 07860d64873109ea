/** @module A small line of what a number was. */
import type { VNode } from "preact";
import { type Point, sparkPath } from "../logic/sparkline.ts";

const WIDTH = 92;
const HEIGHT = 20;

/** A line; its colour says whether the end is above the beginning. */
export function Sparkline({ points }: { readonly points: readonly Point[] }): VNode {
  const change = points.length < 2 ? 0 : points.at(-1)!.value - points[0]!.value;
  const tone = change > 0 ? "up" : change < 0 ? "down" : "";
  return (
    <svg class={`spark ${tone}`} viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} aria-hidden="true">
      <path d={sparkPath(points, WIDTH, HEIGHT)} />
    </svg>
  );
}
