/** @module A panel with a heading, what belongs to the heading, and a foot. */
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";

/** What a panel shows. */
export interface PanelProps {
  readonly title: string;
  /** Beside the title, in muted text: a count. */
  readonly note?: ComponentChildren;
  /** At the right of the heading: a filter, a button. */
  readonly tools?: ComponentChildren;
  readonly foot?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A panel. */
export function Panel({ title, note, tools, foot, children }: PanelProps): VNode {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note !== undefined && <small>{note}</small>}
        {tools !== undefined && <div class="tools">{tools}</div>}
      </header>
      {children}
      {foot !== undefined && <footer>{foot}</footer>}
    </section>
  );
}
