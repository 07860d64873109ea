/**
 * The command line of `deno task bench:load`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What was asked for. */
export interface BenchOptions {
  /** Ids of the rows; all when empty. */
  readonly rows: readonly string[];
  readonly runs: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly help: boolean;
}

/** Runs of each contestant, unless said otherwise. */
const DEFAULT_RUNS = 5;

/** Seconds of each run, unless said otherwise. */
const DEFAULT_SECONDS = 8;

/** The help text. */
export function helpText(rows: readonly { readonly id: string; readonly title: string }[]): string {
  const width = Math.max(...rows.map(({ id }) => id.length)) + 2;
  const list = rows.map(({ id, title }) => `  ${id.padEnd(width)}${title}`).join("\n");
  return `Measures whole servers: the gateway beside what a user would pick instead.

Usage: deno task bench:load [options]

  --rows a,b    only these rows; the others keep their last results
  --runs N      runs of each contestant (${DEFAULT_RUNS})
  --seconds S   how long each run is measured (${DEFAULT_SECONDS})
  --quick       only to see that it works: one short run, few clients, writes nothing
  --profile     profiles the gateway in each row instead; writes flame graphs to docs/flame_graphs/
  --help        this text

Rows:
${list}

Results are written to docs/benchmarks.md. Needs Linux; the peers need Node and npm.
`;
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} When it cannot be understood; the message says what is allowed.
 */
export function readOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "" },
      runs: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { quick, profile, help } = values;
  const rows = values.rows.split(",").map((id) => id.trim()).filter((id) => id !== "");
  const stray = rows.find((id) => !known.includes(id));
  if (stray !== undefined) {
    throw new TypeError(`there is no row "${stray}"; rows are ${known.join(", ")}`);
  }
  return {
    rows,
    runs: readNumber("runs", values.runs ?? String(quick || profile ? 1 : DEFAULT_RUNS), 1),
    seconds: readNumber("seconds", values.seconds ?? String(quick ? 1 : DEFAULT_SECONDS), 0.5),
    quick,
    profile,
    help,
  };
}

function readNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new TypeError(`--${name} takes a number from ${least}, not "${text}"`);
}
