/** @module A heading of a column, by which a table is sorted. */
import type { VNode } from "preact";
import type { Sort } from "../logic/arrange.ts";
import { classOf, type Column } from "./columns.ts";

/** The heading; a button where the table can be sorted by it. */
export function HeadCell<Data>({ column, sort, onSort }: {
  readonly column: Column<Data>;
  readonly sort: Sort;
  readonly onSort: ((sort: Sort) => void) | undefined;
}): VNode {
  const { key, head, title, rank, greatestFirst } = column;
  const isSorted = sort.key === key;
  const order = isSorted ? (sort.descending ? "descending" : "ascending") : undefined;
  const next = { key, descending: isSorted ? !sort.descending : greatestFirst === true };
  return (
    <th scope="col" class={classOf(column)} title={title} aria-sort={order}>
      {rank === undefined || onSort === undefined
        ? head
        : <button type="button" class={order} onClick={() => onSort(next)}>{head}</button>}
    </th>
  );
}
