/** @module The field that filters a table; `/` leads to it. */
import type { VNode } from "preact";

/** The field. */
export function FilterField({ value, onChange }: {
  readonly value: string;
  readonly onChange: (text: string) => void;
}): VNode {
  return (
    <input
      class="filter"
      type="search"
      data-filter
      value={value}
      placeholder="Filter"
      aria-label="Filter"
      aria-keyshortcuts="/"
      spellcheck={false}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}
