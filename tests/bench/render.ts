/**
 * Reports as text: the same tables on the terminal and in the document.
 *
 * @module
 */
import { isMet, type RowReport, type Series, type Verdict } from "./row.ts";
import { median } from "./statistics.ts";

/** What a report says, as Markdown. */
export function renderReport({ series, verdicts, faults, doubts }: RowReport): string {
  const parts = [
    table(["target", "reached", ""], verdicts.map(verdictCells)),
    table(["measure", "contestant", "all runs", "in all"], series.map(seriesCells)),
    [...faults, ...doubts].map((remark) => `- ${remark}`).join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** A target and what was reached, as cells of a table. */
export function verdictCells(verdict: Verdict): string[] {
  const { what, reached, unit, target } = verdict;
  const aim = target === undefined ? "" : ` ${target.sign} ${target.value} ${unit}`;
  const met = isMet(verdict);
  const mark = met === undefined ? "for information" : met ? "met" : "**not met**";
  return [what + aim, `${format(reached)} ${unit}`, mark];
}

function seriesCells({ contestant, measure, unit, values, pooled }: Series): string[] {
  const all = pooled === undefined ? median(values) : pooled;
  const kind = pooled === undefined ? "median" : "pooled";
  return [
    measure,
    contestant,
    values.map(format).join(" "),
    `${format(all)} ${unit} (${kind})`,
  ];
}

/** A table in Markdown; empty without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A number with three digits that matter. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
