/**
 * Makes a backup of a store, of a running gateway or of a stopped one.
 *
 * @module
 */
import type { BackupFile } from "../../protocol/backup.ts";
import { megabytes } from "../../actors/store/free_space.ts";
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import type { BackupOptions } from "./backup.ts";
import { type BackupProgress, writeBackup } from "./backup_file.ts";
import {
  answers,
  type BackupItem,
  copyStore,
  explainLocked,
  fetchBackup,
} from "./backup_source.ts";
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";
import { findKey, type KeyPlaces } from "./find_key.ts";
import { printError, printLine } from "./print.ts";

/** Time between two lines of progress where the output is not a terminal, in ms. */
const LINE_MILLIS = 5_000;

/**
 * Makes the backup and prints its progress.
 *
 * @throws {CommandError} When there is no backup; no file is left then.
 */
export async function runBackup(
  options: BackupOptions,
  places: KeyPlaces,
  signal: AbortSignal,
): Promise<number> {
  try {
    report(options.file, await backUp(options, places, signal, progressWriter()));
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) throw new CommandError("interrupted; no file is left", EXIT.interrupted);
    const expected = error instanceof StoreError || isFileError(error);
    throw expected ? new CommandError(error.message) : error;
  }
}

/** Whether the system refused something: no such directory, no right to write there. */
function isFileError(error: unknown): error is Error {
  return Object.values(Deno.errors).some((kind) => error instanceof kind);
}

/** Makes the backup; resolves with what is in the file. */
async function backUp(
  options: BackupOptions,
  places: KeyPlaces,
  signal: AbortSignal,
  tell: (progress: BackupProgress) => void,
): Promise<BackupFile> {
  const { file, url, explicit, apiKeyFile, dataDir, bootId } = options;
  let items: AsyncGenerator<BackupItem, void, void>;
  if (explicit || await answers(url)) {
    items = fetchBackup(url, await findKey(places, url, apiKeyFile), signal);
  } else {
    items = copyStore(dataDir, bootId);
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
