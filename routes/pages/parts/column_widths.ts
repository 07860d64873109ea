/** @module Columns of numbers grow with what is in them and never shrink, so that nothing jumps. */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Remembers the widths of the columns of a table that are as wide as their contents. */
export function useColumnWidths(table: RefObject<HTMLTableElement | null>): void {
  useEffect(() => {
    const cells = [...table.current!.querySelectorAll<HTMLElement>("thead th:not(.text)")];
    const widest = new Map<Element, number>();
    const observer = new ResizeObserver((entries) => {
      for (const { target, borderBoxSize } of entries) {
        const width = Math.ceil(borderBoxSize[0]!.inlineSize);
        if (width <= (widest.get(target) ?? 0)) continue;
        widest.set(target, width);
        (target as HTMLElement).style.minWidth = `${width}px`;
      }
    });
    const forget = () => {
      widest.clear();
      for (const cell of cells) cell.style.minWidth = "";
    };
    for (const cell of cells) observer.observe(cell);
    addEventListener("resize", forget);
    return () => {
      observer.disconnect();
      removeEventListener("resize", forget);
    };
  }, []);
}
