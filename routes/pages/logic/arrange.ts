/**
 * The order of the rows of a table: sorted, filtered, and still while somebody is in a row.
 *
 * @module
 */

/** What a table is sorted by: a column, and whether the greatest comes first. */
export interface Sort {
  readonly key: string;
  readonly descending: boolean;
}

/** Reads a sort from an address: `pnl`, or `-pnl` for the greatest first. */
export function parseSort(text: string | null, keys: Iterable<string>): Sort | undefined {
  if (text === null) return undefined;
  const descending = text.startsWith("-");
  const key = descending ? text.slice(1) : text;
  return [...keys].includes(key) ? { key, descending } : undefined;
}

/** Writes a sort into an address. */
export function writeSort({ key, descending }: Sort): string {
  return descending ? `-${key}` : key;
}

/**
 * Sorts ids; equal rows keep the order of their ids, so that nothing jumps without a reason.
 *
 * @param compare The order of two rows by the column.
 */
export function sortIds<Row>(
  rows: ReadonlyMap<string, Row>,
  compare: (one: Row, other: Row) => number,
  descending: boolean,
): string[] {
  const direction = descending ? -1 : 1;
  return [...rows]
    .sort(([oneId, one], [otherId, other]) =>
      direction * compare(one, other) || (oneId < otherId ? -1 : 1)
    )
    .map(([id]) => id);
}

/** The order while sorting is paused: what was there stays in its place, what is new comes last. */
export function keepOrder(before: readonly string[], now: readonly string[]): string[] {
  const present = new Set(now);
  const kept = before.filter((id) => present.has(id));
  const known = new Set(kept);
  return [...kept, ...now.filter((id) => !known.has(id))];
}

/** Whether every word of a filter stands in one of the texts; upper and lower case are the same. */
export function matches(filter: string, texts: readonly (string | undefined)[]): boolean {
  const text = texts.join("\n").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
