/**
 * Opens the file of the store: locks it, checks it, brings it to the present version, and decides
 * whether its epochs go on.
 *
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isReadableByOthers, makePrivateDirectory, makePrivateFile } from "../private_files.ts";
import { randomEpoch } from "../random_epoch.ts";
import { type Durability, type RotationReason, rotationReason, type StoreRun } from "./epoch.ts";
import { describe, StoreError, toStoreError } from "./errors.ts";
import {
  type FileId,
  identifyFile,
  isSameFile,
  logPath,
  markerPath,
  replaced,
} from "./file_guard.ts";
import { type ChannelTables, identify, migrate, SCHEMA_VERSION } from "./schema.ts";

/** The file in the data directory; SQLite puts `-wal` beside it. */
export const STORE_FILE = "telemetry.db";

/**
 * Pages of 4 KiB in the write-ahead log before they are carried into the file. More make the commits
 * that do so longer, fewer make them more frequent. SQLite's own default.
 */
const CHECKPOINT_PAGES = 1_000;

/** What the log may keep of the disk after it was longer for a while, in bytes. */
const LOG_KEPT_BYTES = 16_777_216;

/** How long a new thread waits for a lost one to let go of the file, in ms; it takes some 20. */
const RESUME_WAIT_MILLIS = 5_000;

/** Name of the copy that a backup is made in; the next start removes one that was left over. */
export function backupPath(path: string): string {
  return `${path}.backup`;
}

/** How to open a store. */
export interface OpenOptions {
  /** The data directory; made when it is missing. */
  readonly directory: string;
  /** What a committed event survives. */
  readonly durability: Durability;
  /** The present boot of the machine; empty when unknown. */
  readonly bootId: string;
  /** Every channel. */
  readonly channels: readonly ChannelTables[];
  /**
   * The database, when this process had it open already, in a thread that was lost. Epochs go on
   * then, as the machine cannot have stopped.
   */
  readonly resumes?: FileId;
}

/** What opening found and did. */
export interface OpenReport {
  /** The file. */
  readonly path: string;
  /** Whether it was made just now. */
  readonly created: boolean;
  /** Whether the last session was closed in order; true for a new store. */
  readonly clean: boolean;
  /** The version that it was brought up from; absent when it was the present one. */
  readonly migratedFrom?: number;
  /** Why every channel has a new epoch; absent when epochs go on. */
  readonly rotated?: RotationReason;
  /** Whether other users can read the directory, which was there before. */
  readonly exposed: boolean;
}

/** An open store. */
export interface OpenDatabase {
  /** The connection, which holds the lock. */
  readonly db: DatabaseSync;
  /** What was found and done. */
  readonly report: OpenReport;
}

/**
 * Opens or makes the store of a directory.
 *
 * @throws {StoreError} When it is locked, foreign, newer, damaged, orphaned, or cannot be written.
 * @throws {Deno.errors.NotCapable} When the permissions do not cover the directory.
 */
export function openDatabase(options: OpenOptions): OpenDatabase {
  const path = join(options.directory, STORE_FILE);
  let db: DatabaseSync | undefined;
  try {
    if (options.resumes !== undefined) {
      const found = identifyFile(path);
      if (!isSameFile(options.resumes, found)) throw replaced(path, found);
    }
    makePrivateDirectory(options.directory);
    refuseOrphanedLog(path);
    // SQLite gives its log the rights of the database.
    makePrivateFile(path);
    db = new DatabaseSync(path);
    return { db, report: prepare(db, path, options) };
  } catch (error) {
    db?.close();
    const translated = toStoreError(error, path);
    if (!options.resumes || (translated as Partial<StoreError>).code !== "locked") throw translated;
    const message =
      `${path} is held by a thread of this process that has ended; restart the gateway`;
    throw new StoreError("locked", message);
  }
}

/** Writes down that the session ends in order. Everything before it is on the disk by then. */
export function closeDatabase(db: DatabaseSync): void {
  try {
    run(db, "PRAGMA synchronous = FULL");
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    run(db, "UPDATE session SET clean = 1");
  } finally {
    db.close();
  }
}

/**
 * Runs one statement. Through `prepare`, as errors of `exec` do not carry the result code.
 */
export function run(db: DatabaseSync, sql: string): void {
  db.prepare(sql).all();
}

/** Runs `work` in a transaction. What throws leaves nothing behind. */
export function transact<Result>(db: DatabaseSync, work: () => Result): Result {
  run(db, "BEGIN IMMEDIATE");
  try {
    const result = work();
    run(db, "COMMIT");
    return result;
  } catch (error) {
    rollback(db);
    throw error;
  }
}

/** Ends a failed transaction; SQLite may have done so itself, for example when the disk was full. */
export function rollback(db: DatabaseSync): void {
  try {
    run(db, "ROLLBACK");
  } catch {
    // No transaction is open any more.
  }
}

/** Gives every channel a new epoch, within the caller's transaction. */
export function rotateEpochs(db: DatabaseSync): void {
  db.prepare("UPDATE channels SET epoch = ?").run(randomEpoch());
}

function prepare(db: DatabaseSync, path: string, options: OpenOptions): OpenReport {
  // Deno 2.4 waits five seconds by default.
  run(db, `PRAGMA busy_timeout = ${options.resumes ? RESUME_WAIT_MILLIS : 0}`);
  run(db, "PRAGMA locking_mode = EXCLUSIVE");
  // Nothing is written before the file is known to be ours.
  const { empty, version } = identify(db, path);
  if (empty && options.resumes) throw new StoreError("io", describe("io", path, "it is gone"));
  run(db, "PRAGMA journal_mode = WAL");
  run(db, `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  run(db, `PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`);
  run(db, "PRAGMA cache_size = -16384"); // KiB
  // What is decided here must outlast a power failure before the first event is taken.
  run(db, "PRAGMA synchronous = FULL");
  const previous = empty ? undefined : readLastRun(db);
  if (previous?.clean === false) check(db, path);
  const stopped = options.resumes ? undefined : previous;
  const marker = markerPath(path);
  const marked = options.resumes === undefined && identifyFile(marker) !== undefined;
  const rotated = stopped &&
    (marked ? "file_replaced" : rotationReason(stopped, options.bootId));
  transact(db, () => {
    migrate(db, version, options.channels);
    if (rotated !== undefined) rotateEpochs(db);
    const add = db.prepare("INSERT OR IGNORE INTO channels VALUES (?, ?, 0)");
    for (const { name } of options.channels) add.run(name, randomEpoch());
    db.prepare("INSERT OR REPLACE INTO session VALUES (1, ?, ?, 0)")
      .run(options.durability, options.bootId);
  });
  // The new epochs are on the disk.
  if (marked) removeFile(marker);
  if (options.resumes === undefined) removeFile(backupPath(path));
  if (options.durability === "process") run(db, "PRAGMA synchronous = NORMAL");
  return {
    path,
    created: empty,
    clean: previous?.clean ?? true,
    ...(!empty && version < SCHEMA_VERSION && { migratedFrom: version }),
    ...(rotated && { rotated }),
    exposed: isReadableByOthers(options.directory),
  };
}

/**
 * A log without its database belongs to one that was renamed or removed. SQLite would delete it, and
 * what it holds, and make a new store.
 */
function refuseOrphanedLog(path: string): void {
  const log = logPath(path);
  if (sizeOf(path) > 0 || sizeOf(log) === 0) return;
  throw new StoreError("orphaned", describe("orphaned", path, `${sizeOf(log)} bytes`));
}

/** Bytes of a file; 0 when there is none. Does not open it. */
function sizeOf(path: string): number {
  return identifyFile(path) === undefined ? 0 : Deno.statSync(path).size;
}

/** Removes a file; one that is missing, or stays, is found again by the next start. */
function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // See above.
  }
}

function readLastRun(db: DatabaseSync): StoreRun | undefined {
  const row = db.prepare("SELECT durability, boot_id, clean FROM session").get();
  if (row === undefined) return undefined;
  return {
    durability: row["durability"] as Durability,
    bootId: row["boot_id"] as string,
    clean: row["clean"] === 1,
  };
}

/** @throws {StoreError} `corrupt` when the structure of the file is not whole. */
function check(db: DatabaseSync, path: string): void {
  const rows = db.prepare("PRAGMA quick_check(1)").all();
  const detail = String(Object.values(rows[0] ?? {})[0] ?? "no answer");
  if (detail === "ok") return;
  // "*** in database main ***", a new line, and what is wrong.
  const wrong = detail.replace(/^\*.*\*\s+/, "").replaceAll("\n", "; ");
  throw new StoreError("corrupt", describe("corrupt", path, wrong));
}
