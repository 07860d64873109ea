/** @module A name and what belongs to it, in a list of facts. */
import type { ComponentChildren, VNode } from "preact";

/** A fact. */
export function Fact({ name, children }: {
  readonly name: string;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
