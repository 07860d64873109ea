/**
 * Runs contestants by turns, ABBA: what the machine does meanwhile hits all of them alike.
 *
 * @module
 */
import type { BenchSettings, Measured } from "./row.ts";
import type { Contestant } from "./servers/contestant.ts";

/** The results of one contestant, in the order of its runs. */
export interface Results<Result> {
  readonly name: string;
  readonly runs: readonly Result[];
}

/**
 * Measures every contestant as often as the settings say.
 *
 * @param show What to say of a result while the rest is still running.
 */
export async function alternate<Result extends Measured>(
  settings: BenchSettings,
  contestants: readonly Contestant[],
  measure: (contestant: Contestant) => Promise<Result>,
  show: (result: Result) => string,
): Promise<readonly Results<Result>[]> {
  const results = new Map(contestants.map(({ name }) => [name, [] as Result[]]));
  for (let run = 0; run < settings.runs; run++) {
    const order = run % 2 === 0 ? contestants : [...contestants].reverse();
    for (const contestant of order) {
      const result = await measure(contestant);
      results.get(contestant.name)!.push(result);
      const remarks = [...result.faults, ...result.doubts];
      const remark = remarks.length === 0 ? "" : ` (${remarks.join(", ")})`;
      const which = `run ${run + 1}/${settings.runs}  ${contestant.name}`;
      settings.progress(`${which}: ${show(result)}${remark}`);
    }
  }
  return [...results].map(([name, runs]) => ({ name, runs }));
}

/** What is to be said of the runs as a whole. */
export function remarksOn(
  results: readonly Results<Measured>[],
): { readonly faults: string[]; readonly doubts: string[] } {
  const collect = (remarksOf: (run: Measured) => readonly string[]) =>
    results.flatMap(({ name, runs }) =>
      runs.flatMap((run, index) =>
        remarksOf(run).map((remark) => `${name}, run ${index + 1}: ${remark}`)
      )
    );
  return { faults: collect((run) => run.faults), doubts: collect((run) => run.doubts) };
}
