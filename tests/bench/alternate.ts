/**
 * Runs contestants by turns, ABBA: what the machine does meanwhile hits all of them alike.
 *
 * @module
 */
import type { BenchSettings } from "./row.ts";
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
export async function alternate<Result>(
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
      settings.progress(`run ${run + 1}/${settings.runs}  ${contestant.name}: ${show(result)}`);
    }
  }
  return [...results].map(([name, runs]) => ({ name, runs }));
}
