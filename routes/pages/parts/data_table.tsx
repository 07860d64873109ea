/**
 * A table of the rows of a channel: sorted, filtered, only what is in view in the document, and led
 * through by the arrow keys.
 *
 * @module
 */
import type { VNode } from "preact";
import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Live } from "../data/live.ts";
import type { RowSource } from "../data/row_source.ts";
import { keepOrder, type Sort, sortIds } from "../logic/arrange.ts";
import type { Column } from "./columns.ts";
import { HeadCell } from "./head_cell.tsx";
import { useColumnWidths } from "./column_widths.ts";
import { moveFocus } from "./row_focus.ts";
import { TableRow } from "./table_row.tsx";
import { ROW_HEIGHT, useVisibleRows } from "./window.ts";

/** A table. */
export interface DataTableProps<Data> {
  readonly live: Live;
  readonly source: RowSource<Data>;
  /** What the table is about, for those who cannot see it. */
  readonly label: string;
  readonly columns: readonly Column<Data>[];
  readonly sort: Sort;
  /** Absent when the table is not sorted by people. */
  readonly onSort?: (sort: Sort) => void;
  /** Whether a row is shown. */
  readonly admits?: (row: Data) => boolean;
  /** Told when somebody opens a row. */
  readonly onOpen?: (id: string) => void;
  /** Most rows that are shown. */
  readonly limit?: number;
  /** Shown instead of rows when there are none. */
  readonly empty: string;
}

/** See the module. */
export function DataTable<Data>(props: DataTableProps<Data>): VNode {
  const { source, columns, live } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLTableElement>(null);
  useColumnWidths(table);
  const held = useSignal(false);
  const current = useRef<string | undefined>(undefined);
  const shown = useRef<readonly string[]>([]);
  const latest = useLatest(props);
  const ids = useComputed(() => {
    const { sort, admits, limit, columns, source } = latest.value;
    source.members.value;
    live.clock.second.value;
    const rows = new Map<string, Data>();
    for (const [id, row] of source.entries()) if (admits?.(row) ?? true) rows.set(id, row);
    const column = columns.find(({ key }) => key === sort.key);
    const sorted = held.value
      ? keepOrder(shown.current, rows.keys())
      : sortIds(rows, column?.rank ?? (() => 0), sort.descending, column?.compare, shown.current);
    const next = limit === undefined ? sorted : sorted.slice(0, limit);
    // The same list is the same value: nothing is written then.
    if (!isSame(shown.current, next)) shown.current = next;
    return shown.current;
  });
  const count = useComputed(() => ids.value.length);
  const range = useVisibleRows(scroller, count);
  const { from, to } = range.value;
  const visible = ids.value.slice(from, to);
  const focusable = visible.includes(current.current ?? "") ? current.current : visible[0];
  const total = count.value;
  return (
    <div
      class="scroll"
      ref={scroller}
      onFocusIn={(event) => {
        const id = (event.target as HTMLElement).closest("tr")?.dataset["id"];
        if (id !== undefined) current.current = id;
        held.value = id !== undefined;
      }}
      onFocusOut={() => held.value = false}
      onKeyDown={(event) => {
        const id = moveFocus(event, scroller.current!, ids.peek(), props.onOpen);
        if (id !== undefined) current.current = id;
      }}
    >
      <table ref={table} role="grid" aria-label={props.label} aria-rowcount={total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <Spacer height={from * ROW_HEIGHT} />}
          {visible.map((id, index) => (
            <TableRow
              key={id}
              id={id}
              index={from + index}
              live={live}
              source={source}
              columns={columns}
              focusable={id === focusable}
              onOpen={props.onOpen}
            />
          ))}
          {to < total && <Spacer height={(total - to) * ROW_HEIGHT} />}
          {total === 0 && (
            <tr class="none">
              <td colSpan={columns.length}>{source.loaded.value ? props.empty : "Loading…"}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height }: { readonly height: number }): VNode {
  return <tr class="spacer" aria-hidden="true" style={{ height: `${height}px` }} />;
}

/** The last props as a signal, so that what is computed follows them. */
function useLatest<Props>(props: Props): Signal<Props> {
  const latest = useSignal(props);
  latest.value = props;
  return latest;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}
