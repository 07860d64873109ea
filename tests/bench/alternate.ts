/**
 * Runs contestants by turns, ABBA: what the machine does meanwhile hits all of them alike.
 *
 * @module
 */
import type { BenchSettings } from "./row.ts";
import type { Contestant } from "./servers/contestant.ts";

/** Anything that can say of itself why it is doubtful. */
export interface Measured {
  /** In words; empty when nothing is wrong. */
  readonly faults: readonly string[];
}

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
      const doubt = result.faults.length === 0 ? "" : ` (${result.faults.join(", ")})`;
      const which = `run ${run + 1}/${settings.runs}  ${contestant.name}`;
      settings.progress(`${which}: ${show(result)}${doubt}`);
    }
  }
  return [...results].map(([name, runs]) => ({ name, runs }));
}

/** What was wrong with runs, in words. */
export function faultsOf(results: readonly Results<Measured>[]): string[] {
  return results.flatMap(({ name, runs }) =>
    runs.flatMap(({ faults }, index) =>
      faults.length === 0 ? [] : [`${name}, run ${index + 1}: ${faults.join(", ")}`]
    )
  );
}
