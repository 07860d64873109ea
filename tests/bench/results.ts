/**
 * What rows have found, kept from one invocation to the next, so that rows can be measured one at a
 * time and still make one document.
 *
 * @module
 */
import { projectPath } from "../support/paths.ts";
import type { Machine } from "./machine.ts";
import type { Row, RowReport } from "./row.ts";

/** What results look like; those of another form are as good as none. */
const FORM = 1;

/** A report with the circumstances in which it was made. */
export interface KeptResult {
  readonly report: RowReport;
  readonly machine: Machine;
  readonly runs: number;
  readonly seconds: number;
  /** ISO date. */
  readonly date: string;
}

/** Git ignores this folder. */
export const RESULTS_FOLDER: string = projectPath("dist/bench");

/** Keeps the result of a row instead of its last one. */
export function keepResult({ id }: Row, result: KeptResult): void {
  Deno.mkdirSync(RESULTS_FOLDER, { recursive: true });
  Deno.writeTextFileSync(
    `${RESULTS_FOLDER}/${id}.json`,
    JSON.stringify({ form: FORM, ...result }, null, 1),
  );
}

/** The last result of a row; `undefined` when there is none. */
export function lastResult({ id }: Row): KeptResult | undefined {
  try {
    const { form, ...result } = JSON.parse(Deno.readTextFileSync(`${RESULTS_FOLDER}/${id}.json`));
    return form === FORM ? result : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
