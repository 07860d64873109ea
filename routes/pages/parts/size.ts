/** @module The size of an element. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Follows it, in px. */
export function useSize(
  element: RefObject<HTMLElement | null>,
): ReadonlySignal<{ readonly width: number; readonly height: number }> {
  const size = useSignal({ width: 0, height: 0 });
  useEffect(() => {
    const observed = element.current!;
    const observer = new ResizeObserver(() => {
      size.value = { width: observed.clientWidth, height: observed.clientHeight };
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  return size;
}
