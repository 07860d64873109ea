/** @module What a table shows of a row. */
import type { ComponentChildren } from "preact";
import type { ChannelData } from "../../../protocol/client/mod.ts";
import type { RowOf, TableChannel } from "../data/row_store.ts";

/** A column. */
export interface Column<C extends TableChannel> {
  /** Its name in addresses. */
  readonly key: string;
  /** Its heading. */
  readonly head: string;
  /** What the heading means, where it is not plain. */
  readonly title?: string;
  /**
   * The share of the width of a column of texts, in hundredths of the table: they are cut where room
   * is short. Without one a column is as wide as what is in it: a number is never cut.
   */
  readonly width?: number;
  /** Numbers stand at the end. */
  readonly end?: boolean;
  /** Left out where there is little room: on a phone. */
  readonly wide?: boolean;
  /** The order of rows by it; absent when nobody sorts by it. */
  readonly compare?: (one: ChannelData[C], other: ChannelData[C]) => number;
  /** Whether a first click puts the greatest first. */
  readonly greatestFirst?: boolean;
  /** What stands in a cell. */
  readonly cell: (row: RowOf<C>) => ComponentChildren;
}

/** The order of texts, as people sort them. */
export const byText = new Intl.Collator("en", { numeric: true }).compare;
