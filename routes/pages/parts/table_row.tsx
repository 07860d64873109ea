/** @module A row of a table: it follows its signal and nothing else. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../data/live.ts";
import type { RowSource } from "../data/row_source.ts";
import { classOf, type Column } from "./columns.ts";

/** What a row is made from; none of it changes while the row lives, except its place. */
export interface TableRowProps<Data> {
  readonly id: string;
  /** Its place in the table, from 0. */
  readonly index: number;
  readonly live: Live;
  readonly source: RowSource<Data>;
  readonly columns: readonly Column<Data>[];
  /** Whether Tab leads to it. */
  readonly focusable: boolean;
  readonly onOpen: ((id: string) => void) | undefined;
}

/**
 * A row. Signals see to it that it is drawn again only when it is another one, or its signal changed.
 */
export function TableRow<Data>(props: TableRowProps<Data>): VNode | null {
  const { id, index, live, source, columns, focusable, onOpen } = props;
  const row = source.row(id).value;
  const stale = useComputed(() => {
    live.clock.second.value;
    return source.staleSince(id) !== undefined;
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
      {columns.map((column) => <td key={column.key} class={classOf(column)}>{column.cell(row)}
      </td>)}
    </tr>
  );
}
