/** @module A figure of the strip: a name, a value, and what belongs to it. */
import type { ComponentChildren, VNode } from "preact";

/** The strip. */
export function Strip({ children }: { readonly children: ComponentChildren }): VNode {
  return <dl class="figures">{children}</dl>;
}

/** A figure. */
export function Figure({ name, children, note }: {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly note?: ComponentChildren;
}): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{children}</b>
        <small>{note}</small>
      </dd>
    </div>
  );
}

/** Marks a figure of which parts are stale; nothing when none is. */
export function StaleParts({ count }: { readonly count: number }): VNode | null {
  return count === 0 ? null : <span class="tag warn">{count.toLocaleString("en")} stale</span>;
}

/** Stands where there is no value. */
export const NO_VALUE: VNode = <span class="muted">–</span>;
