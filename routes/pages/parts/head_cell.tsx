/** @module A heading of a column, by which a table is sorted. */
import type { VNode } from "preact";
import type { TableChannel } from "../data/row_store.ts";
import type { Sort } from "../logic/arrange.ts";
import type { Column } from "./columns.ts";

/** The heading; a button where the table can be sorted by it. */
export function HeadCell<C extends TableChannel>({ column, sort, onSort }: {
  readonly column: Column<C>;
  readonly sort: Sort;
  readonly onSort: ((sort: Sort) => void) | undefined;
}): VNode {
  const { key, head, title, end, wide, width, compare, greatestFirst } = column;
  const isSorted = sort.key === key;
  const names = [end && "end", wide && "wide", width && "text"].filter(Boolean).join(" ");
  const style = width === undefined ? {} : { width: `${width}%` };
  const order = isSorted ? (sort.descending ? "descending" : "ascending") : undefined;
  const next = { key, descending: isSorted ? !sort.descending : greatestFirst === true };
  return (
    <th scope="col" class={names} style={style} title={title} aria-sort={order}>
      {compare === undefined || onSort === undefined
        ? head
        : <button type="button" class={order} onClick={() => onSort(next)}>{head}</button>}
    </th>
  );
}
