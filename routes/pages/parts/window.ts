/** @module Which rows of a long table are in view: the others are not in the document. */
import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** The height of a row, in px; the style sheet has the same. */
export const ROW_HEIGHT = 34;

/** Rows above and below the view that are in the document, so that scrolling finds them there. */
const MARGIN = 10;

/** A range of rows, `to` excluded. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** The rows to have in the document. */
export function visibleRows(scrollTop: number, height: number, count: number): RowRange {
  // Whole steps, so that scrolling by a row does not change the range.
  const step = MARGIN / 2;
  const first = Math.floor(scrollTop / ROW_HEIGHT / step) * step - step;
  const from = Math.max(0, Math.min(first, count - 1));
  const to = Math.min(count, first + Math.ceil(height / ROW_HEIGHT) + 2 * MARGIN);
  return { from, to: Math.max(from, to) };
}

/** Follows the scrolling of an element. */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  count: ReadonlySignal<number>,
): ReadonlySignal<RowRange> {
  const top = useSignal(0);
  const height = useSignal(800);
  useEffect(() => {
    const element = scroller.current!;
    const scrolled = () => top.value = element.scrollTop;
    const observer = new ResizeObserver(() => height.value = element.clientHeight);
    observer.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, []);
  const range = useComputed(() => visibleRows(top.value, height.value, count.value));
  const from = useComputed(() => range.value.from);
  const to = useComputed(() => range.value.to);
  // Two numbers change more seldom than an object of them.
  return useComputed(() => ({ from: from.value, to: to.value }));
}
