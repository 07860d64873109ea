/**
 * One row of the table: what it compares, and what it found.
 *
 * @module
 */

/** How thoroughly to measure. */
export interface BenchSettings {
  /** Runs of each contestant. */
  readonly runs: number;
  /** How long each run is measured, in seconds. */
  readonly seconds: number;
  /** Only to see that it works: small numbers, no figures worth keeping. */
  readonly quick: boolean;
  /** Why contestants other than Deno's cannot run; `undefined` when they can. */
  readonly peersMissing: string | undefined;
  /** Says what goes on. */
  readonly progress: (line: string) => void;
}

/** A stretch of time, in seconds since the machine's start. */
export interface TimeWindow {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Anything that was measured in one run. */
export interface Measured {
  /** When it was measured, without start, connecting and warm-up. */
  readonly window: TimeWindow;
  /** What went wrong, in words; empty when nothing did. */
  readonly faults: readonly string[];
  /** What makes the figures doubtful although all went well; empty when nothing does. */
  readonly doubts: readonly string[];
}

/** The values of one contestant, a value for each run in the order of the runs. */
export interface Series {
  readonly contestant: string;
  /** What was measured, such as `CPU per delivery`. */
  readonly measure: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** What to show for all runs together when it is not their median, such as a pooled p99. */
  readonly pooled?: number;
}

/** One target and what was reached. */
export interface Verdict {
  readonly what: string;
  readonly reached: number;
  readonly unit: string;
  /** What was aimed for; absent for figures that are for information. */
  readonly target?: { readonly sign: "≤" | "<" | "≥"; readonly value: number };
}

/** What a row found. */
export interface RowReport {
  readonly series: readonly Series[];
  readonly verdicts: readonly Verdict[];
  /** What went wrong in runs. */
  readonly faults: readonly string[];
  /** What else a reader should know: doubtful runs, contestants that were left out. */
  readonly doubts: readonly string[];
}

/** One row of the table. */
export interface Row {
  /** Its name on the command line. */
  readonly id: string;
  readonly title: string;
  /** What is run and what is in the bill, in one or two sentences. */
  readonly about: string;
  /** Measures. */
  run(settings: BenchSettings): Promise<RowReport>;
  /** Runs the gateway alone once, for the profiler. */
  once(settings: BenchSettings): Promise<Measured>;
}

/** Whether a target is met. */
export function isMet({ reached, target }: Verdict): boolean | undefined {
  if (target === undefined) return undefined;
  switch (target.sign) {
    case "≤":
      return reached <= target.value;
    case "<":
      return reached < target.value;
    case "≥":
      return reached >= target.value;
  }
}
