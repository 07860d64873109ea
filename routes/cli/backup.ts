/**
 * Command line: makes a backup of a store, of a running gateway or of a stopped one.
 *
 * Needs `--allow-net` for the gateway, `--allow-env`, `--allow-read`, `--allow-write`, and
 * `--allow-sys=statfs` to see how much room a disk has.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { BackupFile } from "../../protocol/backup.ts";
import { megabytes } from "../../actors/store/free_space.ts";
import { type BackupProgress, writeBackup } from "./backup_file.ts";
import {
  answers,
  type BackupItem,
  copyStore,
  explainLocked,
  fetchBackup,
} from "./backup_source.ts";
import { findKey } from "./find_key.ts";
import { grantedPaths } from "./permissions.ts";
import { printError, printLine } from "./print.ts";

/** What `--help` prints. */
export const BACKUP_HELP = `Makes a backup of a store, which a gateway may go on using meanwhile.

usage: deno task backup FILE [options]

FILE must not exist. It becomes a store of its own, of the moment at which the backup began.
Where a gateway answers it is asked for the backup; else the store of TELEMETRY_DATA_DIR (./data)
is opened and copied.

options:
  --url URL            address of the gateway (default http://127.0.0.1:8080, or the port in
                       TELEMETRY_PORT); with it, no file is opened
  --api-key-file FILE  file that holds a key with the scope admin; else TELEMETRY_API_KEY,
                       FMPS_API_KEY or, for a gateway on this machine, its development key in
                       TELEMETRY_DATA_DIR
  --help               show this

exit code: 0 the backup is whole and checked, 1 it failed and there is no file, 2 wrong usage,
130 interrupted

To restore: stop the gateway, move telemetry.db and the files beside it whose names begin with
telemetry.db away, copy FILE to telemetry.db in the data directory, run "deno task epoch rotate",
and start the gateway.
`;

/** Exit code of a command line that was not understood. */
const EXIT_USAGE = 2;

/** Exit code after Ctrl-C: 128 + SIGINT. */
const EXIT_INTERRUPTED = 130;

/** Time between two lines of progress where the output is not a terminal, in ms. */
const LINE_MILLIS = 5_000;

/** A command line that was understood. */
export interface BackupCommand {
  /** Where to write. */
  readonly file: string;
  /** Where the gateway is. */
  readonly url: URL;
  /** Whether the address was given: then nothing else is tried. */
  readonly explicit: boolean;
  /** Path of the file that holds the key. */
  readonly apiKeyFile: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} With a line that says what is wrong.
 */
export function parseBackupCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): BackupCommand | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: "string" },
      "api-key-file": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (positionals.length !== 1) throw new TypeError("name one FILE to write");
  const port = /^\d+$/.test(env("TELEMETRY_PORT") ?? "") ? env("TELEMETRY_PORT") : "8080";
  const url = values.url ?? `http://127.0.0.1:${port}`;
  if (!URL.canParse(url)) throw new TypeError(`--url ${url} is not a URL`);
  return {
    file: positionals[0]!,
    url: new URL(url),
    explicit: values.url !== undefined,
    apiKeyFile: values["api-key-file"],
  };
}

/** Makes the backup; resolves with what is in the file. */
export async function backUp(
  command: BackupCommand,
  env: (name: string) => string | undefined,
  signal: AbortSignal,
  tell: (progress: BackupProgress) => void,
): Promise<BackupFile> {
  const { file, url, explicit, apiKeyFile } = command;
  let items: AsyncGenerator<BackupItem, void, void>;
  if (explicit || await answers(url)) {
    const readText = (path: string) => Deno.readTextFile(path);
    items = fetchBackup(url, await findKey({ env, readText }, url, apiKeyFile), signal);
  } else {
    const directory = grantedPaths("write", { env, readFile: Deno.readTextFileSync });
    items = copyStore(directory, env("TELEMETRY_BOOT_ID") ?? "");
  }
  try {
    return await writeBackup(file, untilAborted(items, signal), tell);
  } catch (error) {
    throw explainLocked(error, url);
  }
}

async function* untilAborted(
  items: AsyncGenerator<BackupItem, void, void>,
  signal: AbortSignal,
): AsyncGenerator<BackupItem, void, void> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
}

/** Writes progress to the standard error output: one line that changes, or one every few seconds. */
function progressWriter(): (progress: BackupProgress) => void {
  const terminal = Deno.stderr.isTerminal();
  let told = terminal ? -Infinity : performance.now();
  return ({ phase, done, total }) => {
    const now = performance.now();
    if (now - told < (terminal ? 200 : LINE_MILLIS)) return;
    told = now;
    const percent = total === 0 ? 100 : Math.min(100, Math.floor(done / total * 100));
    const text = phase === "copied"
      ? `copying: ${done.toLocaleString("en")} of ${total.toLocaleString("en")} rows (${percent} %)`
      : `receiving: ${megabytes(done)} of ${megabytes(total)} (${percent} %)`;
    if (terminal) Deno.stderr.writeSync(new TextEncoder().encode(`\r${text}\x1b[K`));
    else printError(text);
  };
}

function report(file: string, { bytes, damaged, channels }: BackupFile): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
  printLine(`${file}: ${megabytes(bytes)}, checked`);
  for (const [channel, { epoch, seq, oldest }] of Object.entries(channels)) {
    const range = seq < oldest ? "no event" : `events ${oldest} to ${seq}`;
    printLine(`${channel}: epoch ${epoch}, ${range}`);
  }
  if (damaged === 0) return;
  printError(`warning: ${damaged} stored events are damaged, in the store and in this copy`);
}

async function main(): Promise<number> {
  const env = (name: string) => Deno.env.get(name);
  let command: BackupCommand | "help";
  try {
    command = parseBackupCommand(Deno.args, env);
  } catch (error) {
    printError(`backup: ${(error as Error).message} (--help explains the options)`);
    return EXIT_USAGE;
  }
  if (command === "help") {
    printLine(BACKUP_HELP);
    return 0;
  }
  const interrupt = new AbortController();
  const onSignal = () => {
    Deno.removeSignalListener("SIGINT", onSignal); // A second one ends the process at once.
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  try {
    report(command.file, await backUp(command, env, interrupt.signal, progressWriter()));
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) {
      printError("backup: interrupted; no file is left");
      return EXIT_INTERRUPTED;
    }
    printError(`backup: ${(error as Error).message}`);
    return 1;
  } finally {
    if (!interrupt.signal.aborted) Deno.removeSignalListener("SIGINT", onSignal);
  }
}

if (import.meta.main) Deno.exit(await main());
