/** @module A button that opens a small panel; Escape and a click elsewhere close it. */
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A menu. */
export function Menu({ label, class: name, children }: {
  readonly label: ComponentChildren;
  readonly class: string;
  readonly children: ComponentChildren;
}): VNode {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const details = element.current!;
      if (!details.open || event instanceof KeyboardEvent && event.key !== "Escape") return;
      const isInside = details.contains(event.target as Node);
      if (event instanceof KeyboardEvent) {
        if (isInside) details.querySelector("summary")!.focus();
        details.open = false;
      } else if (!isInside) details.open = false;
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details class={`menu ${name}`} ref={element}>
      <summary class="chip">{label}</summary>
      <div class="popup">{children}</div>
    </details>
  );
}
