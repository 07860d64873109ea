/** @module Numbers as people compare them: exact, with a sign that is not colour alone. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatDecimal, signOf } from "../logic/decimal.ts";

const TONES = { "-1": "down", 0: "", 1: "up" } as const;

/** The class of a gain or a loss. */
export function toneOf(text: string): string {
  return TONES[signOf(text)];
}

/** A gain or a loss: sign, arrow and colour say the same. */
export function Change({ text, unit }: { readonly text: string; readonly unit?: string }): VNode {
  return (
    <span class={`change ${toneOf(text)}`}>
      {formatDecimal(text, { signed: true })}
      {unit}
    </span>
  );
}

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A number that is tinted for a moment when it has changed. */
export function Tinted(
  { value, children }: { readonly value: string; readonly children: VNode | string },
): VNode {
  const element = useRef<HTMLSpanElement>(null);
  const before = useRef(value);
  useEffect(() => {
    const isUp = Number(value) >= Number(before.current);
    if (before.current === value) return;
    before.current = value;
    if (still.matches) return;
    const from = `var(--tint-${isUp ? "up" : "down"})`;
    const frames = [{ backgroundColor: from }, { backgroundColor: "transparent" }];
    const animation = element.current!.animate(frames, 500);
    return () => animation.cancel();
  }, [value]);
  return <span class="tint" ref={element}>{children}</span>;
}
