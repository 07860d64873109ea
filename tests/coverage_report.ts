// deno-lint-ignore-file no-console -- a script; its output is what it is for
/**
 * Prints line coverage by file and fails when the core has too little: `deno task coverage`.
 *
 * `deno coverage` leaves out files that no test imports. Here they count as not covered at all,
 * with as many lines as hold code.
 *
 * @module
 */
import { SOURCE_FOLDERS, sourceFiles } from "./support/source_files.ts";

/** Lines of one file, or of several together. */
export interface LineCount {
  /** Lines that ran. */
  readonly hit: number;
  /** Lines that could have run. */
  readonly found: number;
}

/** Share of lines that `actors/` and `protocol/` must have covered, in percent. */
export const REQUIRED_PERCENT = 90;

/** The folders that {@link REQUIRED_PERCENT} is asked of. */
export const REQUIRED_FOLDERS = ["actors", "protocol"] as const;

/**
 * Reads the line counts of an LCOV file (geninfo(1)): `SF` starts a file, `DA:line,count` follows
 * for every line with code.
 *
 * @param root The project's folder; files outside it are left out, the others named relative to it.
 */
export function readLcov(text: string, root: string): Map<string, LineCount> {
  const files = new Map<string, LineCount>();
  let file = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("SF:")) file = line.slice(3).trim();
    const count = /^DA:\d+,(\d+)/.exec(line)?.[1];
    if (count === undefined || !file.startsWith(`${root}/`)) continue;
    const name = file.slice(root.length + 1);
    const { hit, found } = files.get(name) ?? { hit: 0, found: 0 };
    files.set(name, { hit: hit + (count === "0" ? 0 : 1), found: found + 1 });
  }
  return files;
}

/** The lines that hold more than a comment, an import or a type, roughly: for files that never ran. */
export function countCodeLines(source: string): number {
  const withoutBlocks = source.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  return withoutBlocks.split("\n").filter((line) => {
    const code = line.replace(/^\s*\/\/.*$/, "").trim();
    return code !== "";
  }).length;
}

/** Whether a file holds types and re-exports alone, so that there is nothing in it to run. */
export function isTypesOnly(source: string): boolean {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  return !/^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:const|let|var|async|function|class|enum|if|for|await|new)\b/m
    .test(code);
}

/** Adds line counts up. */
export function sum(counts: Iterable<LineCount>): LineCount {
  let hit = 0;
  let found = 0;
  for (const count of counts) {
    hit += count.hit;
    found += count.found;
  }
  return { hit, found };
}

/** Covered lines in percent; 100 where there is nothing to cover. */
export function percent({ hit, found }: LineCount): number {
  return found === 0 ? 100 : (100 * hit) / found;
}

/** The counts of every source file, those without a record included. */
export function completeCounts(
  measured: ReadonlyMap<string, LineCount>,
  files: readonly string[],
  readSource: (path: string) => string,
): Map<string, LineCount> {
  return new Map(files.map((file) => {
    const count = measured.get(file);
    if (count !== undefined) return [file, count];
    const source = readSource(file);
    return [file, { hit: 0, found: isTypesOnly(source) ? 0 : countCodeLines(source) }];
  }));
}

/** The table: one row a file, one a folder. */
export function renderTable(counts: ReadonlyMap<string, LineCount>): string {
  const row = (name: string, count: LineCount) =>
    `${name.padEnd(52)} ${percent(count).toFixed(1).padStart(6)} %  ${count.hit}/${count.found}`;
  const folders = SOURCE_FOLDERS.map((folder) => row(`${folder}/`, folderCount(counts, folder)));
  return [...[...counts].map(([file, count]) => row(file, count)), "", ...folders].join("\n");
}

/** The counts of a folder's files together. */
export function folderCount(counts: ReadonlyMap<string, LineCount>, folder: string): LineCount {
  return sum([...counts].filter(([file]) => file.startsWith(`${folder}/`)).map(([, c]) => c));
}

if (import.meta.main) {
  const [lcov = "coverage/lcov.info"] = Deno.args;
  const measured = readLcov(Deno.readTextFileSync(lcov), Deno.cwd());
  const files = sourceFiles(SOURCE_FOLDERS);
  const counts = completeCounts(measured, files, (path) => Deno.readTextFileSync(path));
  console.log(renderTable(counts));
  const short = REQUIRED_FOLDERS.filter((folder) =>
    percent(folderCount(counts, folder)) < REQUIRED_PERCENT
  );
  if (short.length > 0) {
    console.error(`\nless than ${REQUIRED_PERCENT} % of the lines: ${short.join(", ")}`);
    Deno.exit(1);
  }
}
