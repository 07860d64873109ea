// deno-lint-ignore-file no-console -- a script; its output is what it is for
/**
 * Runs the tests in parts, each as parallel as its tests allow: `deno task test`, `test:unit`,
 * `test:browser`.
 *
 * A part is one `deno test`; with `--parallel` its files run in threads of one process. A new file
 * is a unit test, unless it is below a path that is listed here. Unit tests run without permission
 * to start a process or to use the network, so that one which does fails and says so.
 *
 * @module
 */
import { CONFIG_VARIABLE } from "./support/quiet_tests.ts";
import { sourceFiles } from "./support/source_files.ts";

/** Files and folders of tests that start processes, open sockets, or write databases. */
export const SYSTEM: readonly string[] = [
  "tests/actors/store/sqlite/",
  "tests/architecture_test.ts",
  "tests/chaos/",
  "tests/client/",
  "tests/contract/",
  "tests/e2e/",
  "tests/routes/cli/",
  "tests/routes/pages/build/",
  "tests/runtime_test.ts",
  "tests/support/desktop_client_test.ts",
  "tests/support/raw_websocket_test.ts",
  "tests/support/v1_client_test.ts",
  "tests/support/v2_client_test.ts",
];

/** Tests that cannot share their process, or the processors, with others, and why. */
export const ALONE: Readonly<Record<string, string>> = {
  "tests/actors/store/sqlite/private_files_test.ts": "sets the umask of its process",
  "tests/actors/store/sqlite/retention_test.ts": "measures for how long a thread is held",
  "tests/e2e/tape_test.ts": "has a client that must keep pace with a tape",
};

/**
 * Threads of system tests at once, as a multiple of the processors: most of them wait for a process
 * or a timeout.
 */
const SYSTEM_THREADS_PER_PROCESSOR = 2;

/** What unit tests may do. */
const UNIT_PERMISSIONS = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

/** Tests of the pages in a browser, one after the other: a browser has several processes. */
const BROWSER = "tests/browser/";

/** A part of the tests: one `deno test`. */
export interface Part {
  readonly name: "unit" | "system" | "alone" | "browser";
  readonly files: readonly string[];
  /** Its arguments, files aside. */
  readonly args: readonly string[];
  /** Threads, or `undefined` for one per processor. */
  readonly threads?: number;
}

/** Sorts test files into parts. */
export function partsOf(files: readonly string[], processors: number): Part[] {
  const isAlone = (file: string) => file in ALONE;
  const isSystem = (file: string) => SYSTEM.some((path) => file.startsWith(path));
  const isBrowser = (file: string) => file.startsWith(BROWSER);
  return [
    {
      name: "unit",
      files: files.filter((file) => !isSystem(file) && !isAlone(file) && !isBrowser(file)),
      args: ["--parallel", ...UNIT_PERMISSIONS],
    },
    {
      name: "system",
      files: files.filter((file) => isSystem(file) && !isAlone(file)),
      args: ["--parallel", "--allow-all"],
      threads: Math.ceil(processors * SYSTEM_THREADS_PER_PROCESSOR),
    },
    { name: "alone", files: files.filter(isAlone), args: ["--allow-all"] },
    {
      name: "browser",
      files: files.filter(isBrowser),
      args: ["--allow-all"],
    },
  ];
}

/** Every file of tests. */
export function testFiles(): string[] {
  return sourceFiles(["tests"]).filter((file) => file.endsWith("_test.ts"));
}

async function run({ files, args, threads }: Part, options: readonly string[]): Promise<boolean> {
  const config = options.find((option) => option.startsWith("--config="));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", ...args, ...options, ...files],
    env: {
      ...(threads !== undefined && { DENO_JOBS: `${threads}` }),
      ...(config !== undefined && { [CONFIG_VARIABLE]: config }),
    },
    stdin: "null",
  });
  return (await command.spawn().status).success;
}

if (import.meta.main) {
  const options = Deno.args.filter((arg) => arg.startsWith("-"));
  const names = Deno.args.filter((arg) => !arg.startsWith("-"));
  const parts = partsOf(testFiles(), navigator.hardwareConcurrency);
  const unknown = names.filter((name) => parts.every((part) => part.name !== name));
  if (unknown.length > 0) {
    console.error(
      `no such part: ${unknown.join(", ")}; run unit, system, alone, browser, or all of them`,
    );
    console.error("A single file is run by: deno test -A FILE");
    Deno.exit(2);
  }
  const failed: string[] = [];
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    const from = performance.now();
    const passed = await run(part, options);
    const seconds = ((performance.now() - from) / 1_000).toFixed(0);
    console.log(
      `${part.name}: ${part.files.length} files, ${seconds} s${passed ? "" : ", FAILED"}`,
    );
    if (!passed) failed.push(part.name);
  }
  if (failed.length > 0) Deno.exit(1);
}
