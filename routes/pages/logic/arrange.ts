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

/** What a row is sorted by: a number or a text, worked out once for each row. */
export type Rank = number | string;

/** The order of texts, as people sort them. */
const byText = new Intl.Collator("en", { numeric: true }).compare;

/**
 * Sorts ids; equal rows keep the order of their ids, so that nothing jumps without a reason.
 *
 * @param rank What a row is sorted by.
 * @param compare Decides between rows whose rank is the same: exact decimals.
 * @param before The order of before, which is mostly close to the one now.
 */
export function sortIds<Row>(
  rows: ReadonlyMap<string, Row>,
  rank: (row: Row) => Rank,
  descending: boolean,
  compare: (one: Row, other: Row) => number = () => 0,
  before: readonly string[] = [],
): string[] {
  const direction = descending ? -1 : 1;
  // What is nearly sorted is sorted with few comparisons.
  const ranked = keepOrder(before, rows.keys()).map((id) => {
    const row = rows.get(id)!;
    return { id, row, rank: rank(row) };
  });
  return ranked
    .sort((one, other) =>
      direction * (compareRanks(one.rank, other.rank) || compare(one.row, other.row)) ||
      (one.id < other.id ? -1 : 1)
    )
    .map(({ id }) => id);
}

function compareRanks(one: Rank, other: Rank): number {
  if (one === other) return 0;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return byText(`${one}`, `${other}`);
}

/** The order while sorting is paused: what was there stays in its place, what is new comes last. */
export function keepOrder(before: readonly string[], now: Iterable<string>): string[] {
  const present = new Set(now);
  const kept = before.filter((id) => present.has(id));
  const known = new Set(kept);
  return [...kept, ...[...present].filter((id) => !known.has(id))];
}

/** Whether every word of a filter stands in one of the texts; upper and lower case are the same. */
export function matches(filter: string, texts: readonly (string | undefined)[]): boolean {
  const text = texts.join("\n").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
