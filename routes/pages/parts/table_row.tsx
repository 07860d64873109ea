/** @module A row of a table: it follows its signal and nothing else. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../data/live.ts";
import type { RowStore, TableChannel } from "../data/row_store.ts";
import type { Column } from "./columns.ts";

/** What a row is made from; none of it changes while the row lives, except its place. */
export interface TableRowProps<C extends TableChannel> {
  readonly id: string;
  /** Its place in the table, from 0. */
  readonly index: number;
  readonly live: Live;
  readonly store: RowStore<C>;
  readonly columns: readonly Column<C>[];
  /** Whether Tab leads to it. */
  readonly focusable: boolean;
  readonly onOpen: ((id: string) => void) | undefined;
}

/**
 * A row. Signals see to it that it is drawn again only when it is another one, or its signal changed.
 */
export function TableRow<C extends TableChannel>(props: TableRowProps<C>): VNode | null {
  const { id, index, live, store, columns, focusable, onOpen } = props;
  const row = store.row(id).value;
  const stale = useComputed(() => {
    live.clock.second.value;
    store.freshness.value;
    return store.table.staleSince(id) !== undefined;
  });
  if (row === undefined) return null;
  return (
    <tr
      data-id={id}
      aria-rowindex={index + 2}
      tabIndex={focusable ? 0 : -1}
      class={stale.value ? "stale" : undefined}
      onDblClick={onOpen && (() => onOpen(id))}
    >
      {columns.map(({ key, end, wide, width, cell }) => (
        <td key={key} class={`${end ? "end" : ""}${wide ? " wide" : ""}${width ? " text" : ""}`}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}
