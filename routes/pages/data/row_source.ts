/**
 * What a table on the screen is made from.
 *
 * @module
 */
import type { ReadonlySignal } from "@preact/signals";
import type { Row } from "../../../protocol/client/mod.ts";

/** Rows by id, each with a signal of its own. */
export interface RowSource<Data> {
  /** Changes when a row came or went. */
  readonly members: ReadonlySignal<number>;
  /** Whether it is known which rows there are. */
  readonly loaded: ReadonlySignal<boolean>;
  /** How many rows there are. */
  readonly size: number;
  /** All rows, in no order that counts. */
  entries(): Iterable<[string, Data]>;
  /** The signal of a row. */
  row(id: string): ReadonlySignal<Row<Data> | undefined>;
  /** Since when a row is not to be trusted, epoch ms of the gateway; `undefined` while it is fresh. */
  staleSince(id: string): number | undefined;
}
