/** @module Moves the focus through the rows of a table, those outside the document included. */
import { ROW_HEIGHT } from "./window.ts";

/** How far a key moves, in rows. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * Answers a key in a row.
 *
 * @returns The row that has the focus now; `undefined` when the key is not one of these.
 */
export function moveFocus(
  event: KeyboardEvent,
  scroller: HTMLElement,
  ids: readonly string[],
  open: ((id: string) => void) | undefined,
): string | undefined {
  const row = event.target as HTMLElement;
  const id = row.dataset["id"];
  if (id === undefined || event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (event.key === "Enter") {
    open?.(id);
    return undefined;
  }
  const step = STEPS[event.key];
  if (step === undefined) return undefined;
  event.preventDefault();
  const index = Math.max(0, Math.min(ids.length - 1, ids.indexOf(id) + step));
  const next = ids[index]!;
  bringIntoView(scroller, index);
  // A row that was outside is in the document after the next write.
  const focus = () => rowOf(scroller, next)?.focus({ preventScroll: true });
  if (rowOf(scroller, next) !== undefined) focus();
  else requestAnimationFrame(() => requestAnimationFrame(focus));
  return next;
}

function rowOf(scroller: HTMLElement, id: string): HTMLElement | undefined {
  return [...scroller.querySelectorAll<HTMLElement>("tr[data-id]")]
    .find((row) => row.dataset["id"] === id);
}

function bringIntoView(scroller: HTMLElement, index: number): void {
  const head = scroller.querySelector("thead")!.offsetHeight;
  const top = index * ROW_HEIGHT;
  const room = scroller.clientHeight - head - ROW_HEIGHT;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
}
