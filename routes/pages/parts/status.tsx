/** @module The status of a trader, as a shape, a colour and a word. */
import type { VNode } from "preact";

const SHAPES: Readonly<Record<string, string>> = {
  RUNNING: "run",
  STARTING: "move",
  STOPPING: "move",
  PAUSED: "pause",
  ERROR: "error",
};

/** The status. */
export function Status({ status }: { readonly status: string }): VNode {
  const word = status.charAt(0) + status.slice(1).toLowerCase();
  return <span class={`status ${SHAPES[status] ?? "rest"}`}>{word}</span>;
}
