/**
 * Where a backup comes from: a running gateway, or the file of one that is stopped. Both are read as
 * the same lines and bytes.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { recordCommand } from "../../actors/audit/audit_log.ts";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { BackupLine } from "../../protocol/backup.ts";
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";

/** Why there is no backup, and what to do. */
export class BackupError extends CommandError {
  /** `BackupError`. */
  override readonly name = "BackupError";
}

/** What is read of a backup: lines, and after the line of the file its bytes. */
export type BackupItem = BackupLine | Uint8Array;

/** A command that has another purpose deletes no events. */
const KEEP_ALL = { events: Number.MAX_SAFE_INTEGER, millis: Number.MAX_SAFE_INTEGER };

/** Longest line, in bytes; a longer one is no answer of ours. */
const MAX_LINE_BYTES = 65_536;

/** Whether something answers HTTP at an address. */
export async function answers(url: URL): Promise<boolean> {
  try {
    const response = await fetch(new URL("/health/live", url));
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks a gateway for a backup.
 *
 * @throws {BackupError} When it refuses, or cannot be reached.
 */
export async function* fetchBackup(
  url: URL,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<BackupItem, void, void> {
  const request = { method: "POST", headers: { "X-API-Key": key }, signal };
  const response = await fetch(new URL("/api/v1/store/backup", url), request).catch((error) => {
    signal.throwIfAborted();
    throw new BackupError(
      `${url.origin} cannot be reached: ${(error as Error).message}`,
      EXIT.unavailable,
    );
  });
  if (!response.ok) throw new BackupError(await explain(url, response));
  try {
    yield* readItems(response.body!);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TypeError)) throw error;
    throw new BackupError(
      `the connection to ${url.origin} was lost: ${error.message}`,
      EXIT.unavailable,
    );
  }
}

/**
 * Opens the store of a directory, which no gateway may have open, and copies it.
 *
 * @param bootId The present boot of the machine, as the start of a gateway is told it.
 * @throws {BackupError} When there is no store.
 * @throws {StoreError} When it cannot be used; `locked` while a gateway runs on it.
 */
export async function* copyStore(
  directory: string,
  bootId: string,
): AsyncGenerator<BackupItem, void, void> {
  const path = join(directory, STORE_FILE);
  if (!existsSync(path)) {
    throw new BackupError(
      `no gateway answers, and ${path} does not exist: name the gateway with --url, or set ` +
        "TELEMETRY_DATA_DIR to the directory of the store",
    );
  }
  const store = await SqliteStore.open({ directory, bootId, retention: KEEP_ALL });
  try {
    // Before the copy begins, so that it holds the row as well.
    await recordCommand(store.audit, "backup", Date.now());
    const backup = await store.backup(() => Promise.resolve());
    yield { rows: backup.rows, bytes: backup.bytes };
    for await (const part of backup.parts()) {
      if (part.kind === "bytes") yield part.bytes;
      else if (part.kind === "progress") yield { copied: part.copied };
      else {
        const channels = Object.fromEntries(backup.extents);
        yield { file: { bytes: part.bytes, damaged: part.damaged, channels } };
      }
    }
  } finally {
    await store.close();
  }
}

/** Takes an answer apart. */
export async function* readItems(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<BackupItem, void, void> {
  const decoder = new TextDecoder();
  let inFile = false;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of body) {
    if (inFile) {
      yield chunk;
      continue;
    }
    rest = concat(rest, chunk);
    for (let end = rest.indexOf(10); end >= 0 && !inFile; end = rest.indexOf(10)) {
      const line = parseLine(decoder.decode(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
      inFile = "file" in line;
      yield line;
    }
    if (rest.length > MAX_LINE_BYTES && !inFile) throw strange();
    if (inFile && rest.length > 0) yield rest;
  }
}

function parseLine(text: string): BackupLine {
  try {
    return BackupLine.parse(JSON.parse(text));
  } catch {
    throw strange();
  }
}

function strange(): BackupError {
  return new BackupError("the answer is not a backup; is the address that of a telemetry gateway?");
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

async function explain(url: URL, response: Response): Promise<string> {
  const text = await response.text();
  const where = `${url.origin} answered ${response.status}`;
  try {
    const { message } = JSON.parse(text).error as { message: unknown };
    const advice = response.status === 401 || response.status === 403
      ? "; a backup needs a key with the scope admin"
      : "";
    return `${where}: ${String(message)}${advice}`;
  } catch {
    return `${where}; is it a telemetry gateway of this version?`;
  }
}

/** What to say of a store that is locked though no gateway answers. */
export function explainLocked(error: unknown, url: URL): unknown {
  if (!(error instanceof StoreError) || error.code !== "locked") return error;
  return new BackupError(
    `the store is in use, but nothing answers at ${url.origin}: name the address of its gateway ` +
      "with --url",
  );
}
