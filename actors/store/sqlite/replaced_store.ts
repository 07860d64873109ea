/**
 * How a store ends whose files were removed or exchanged while it was open.
 *
 * Its database may still exist under another name, and another database may have taken its name; the log
 * is found by name alone. So the log is emptied into the database it belongs to, wherever that is,
 * before any start can pair it with another one, and SQLite, which deletes a log by its name when it
 * closes, is kept from deleting the log of another store.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { run } from "./database.ts";
import type { FileGuard } from "./file_guard.ts";

/**
 * Carries the log into the database, on the disk.
 *
 * @returns Whether nothing is left in it.
 */
export function emptyLog(db: DatabaseSync): boolean {
  try {
    run(db, "PRAGMA synchronous = FULL");
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    return true;
  } catch {
    // The disk may have room again at the next attempt.
    return false;
  }
}

/** Closes the database; everything that was committed is in it, wherever it is. */
export function closeReplaced(db: DatabaseSync, files: FileGuard, log: string): void {
  emptyLog(db);
  const aside = `${log}.aside`;
  const moved = !files.ownsLog && rename(log, aside);
  try {
    db.close();
  } finally {
    if (moved) rename(aside, log);
  }
}

/** @returns Whether there was such a file. */
function rename(from: string, to: string): boolean {
  try {
    Deno.renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}
