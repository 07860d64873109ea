/**
 * Reads the Prometheus text format, so far as tests need it.
 *
 * @module
 */

/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** A scrape of `/metrics`. */
export class Metrics {
  /** Every sample in order. */
  readonly samples: readonly Sample[];

  /** Parses the text; a line that is neither sample nor comment is an error. */
  constructor(text: string) {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    this.samples = lines.map(parseSample);
  }

  /**
   * The sum of a metric over the samples that have at least these labels.
   *
   * @returns `undefined` when there is no such sample.
   */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter((sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
    );
    return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0);
  }
}

function parseSample(line: string): Sample {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, name, value] of (match[2] ?? "").matchAll(LABEL)) {
    labels[name!] = value!.replaceAll(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
  }
  return { name: match[1]!, labels, value: Number(match[3]) };
}
