/** @module What a table shows of a row. */
import type { ComponentChildren } from "preact";
import type { Row } from "../../../protocol/client/mod.ts";
import type { Rank } from "../logic/arrange.ts";

/** A column. */
export interface Column<Data> {
  /** Its name in addresses. */
  readonly key: string;
  /** Its heading. */
  readonly head: string;
  /** What the heading means, where it is not plain. */
  readonly title?: string;
  /** Texts take the room that is left and may be cut; a column of numbers is as wide as they are. */
  readonly text?: boolean;
  /** The one text that takes all the room that is left, and is cut. */
  readonly fill?: boolean;
  /** Numbers stand at the end. */
  readonly end?: boolean;
  /** Left out where there is little room: on a phone. */
  readonly wide?: boolean;
  /** Left out below 1,400 px as well. */
  readonly wider?: boolean;
  /** What rows are sorted by; absent when nobody sorts by it. Worked out once for each row. */
  readonly rank?: (row: Data) => Rank;
  /** Decides between rows of the same rank: decimals that are equal as floats. */
  readonly compare?: (one: Data, other: Data) => number;
  /** Whether a first click puts the greatest first. */
  readonly greatestFirst?: boolean;
  /** What stands in a cell. It may read signals; it is drawn again with its row. */
  readonly cell: (row: Row<Data>) => ComponentChildren;
}

/** The class of the cells of a column. */
export function classOf<Data>({ end, text, fill, wide, wider }: Column<Data>): string {
  const names = [end && "end", text && "text", fill && "fill", wide && "wide", wider && "wider"];
  return names.filter(Boolean).join(" ");
}
