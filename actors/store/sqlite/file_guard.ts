/**
 * Notices that the files of an open store were removed, renamed or exchanged.
 *
 * SQLite goes on writing into a file that has lost its name, and reports nothing: all would be
 * acknowledged, and gone at the end of the process. So device and inode of the database and of its
 * log are taken when they are open, and compared from time to time with what the names lead to.
 *
 * Nothing here may open the database: closing any descriptor of it would drop the lock that SQLite
 * holds (POSIX locks belong to the process and the inode), and a second process could write.
 *
 * Numbers that were given out after the exchange are not in the file that the next start finds. A
 * marker beside the store tells that start to begin a new epoch. It is put back for as long as the
 * gateway runs, as the directory may be emptied together with the database.
 *
 * @module
 */
import { dirname } from "node:path";
import { makePrivateDirectory, writePrivateFile } from "../private_files.ts";
import { describe, StoreError } from "./errors.ts";

/** Time between two checks of the files, in ms; a check costs about 20 µs. */
export const PARKED_POLL_MILLIS = 250;

/** Identifies a file on this machine; `null` where the system tells no inodes. */
export interface FileId {
  /** The device. */
  readonly dev: number;
  /** The inode. */
  readonly ino: number | null;
}

/** Name of the write-ahead log of a database. */
export function logPath(path: string): string {
  return `${path}-wal`;
}

/** Name of the marker that a gateway leaves when its store was removed or exchanged. */
export function markerPath(path: string): string {
  return `${path}.replaced`;
}

/** Identifies the file of a name; `undefined` when there is none. Does not open it. */
export function identifyFile(path: string): FileId | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return { dev, ino };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether two files are the same, or cannot be told apart. */
export function isSameFile(one: FileId, other: FileId | undefined): boolean {
  if (one.ino === null) return true;
  return other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

/**
 * Says that a store is not what it was, and leaves the marker.
 *
 * @param found What the name of the database leads to now.
 */
export function replaced(path: string, found: FileId | undefined): StoreError {
  const detail = found === undefined ? "it is gone" : "another file is in its place";
  const failure = leaveMarker(path);
  const advice = failure === undefined
    ? "which begins a new epoch"
    : `and run deno task epoch rotate before, as no marker could be left (${failure})`;
  return new StoreError("replaced", `${describe("replaced", path, detail)}, ${advice}`);
}

/** Watches over the files of an open store. */
export class FileGuard {
  readonly #path: string;
  readonly #now: () => number;
  readonly #database: FileId | undefined;
  readonly #log: FileId | undefined;
  #lookedAt: number;
  #failure: StoreError | undefined;

  /**
   * Takes the identity of the files. The store is open, and has written to its log.
   *
   * @param now Monotonic time in ms.
   */
  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
    this.#database = identifyFile(path);
    this.#log = identifyFile(logPath(path));
    this.#lookedAt = now();
  }

  /** The database. */
  get database(): FileId | undefined {
    return this.#database;
  }

  /** Whether the name of the log leads to the log of the open store. */
  get ownsLog(): boolean {
    return this.#log !== undefined &&
      isSameFile(this.#log, identify(logPath(this.#path), this.#log));
  }

  /**
   * Looks at the files if the last look is {@link PARKED_POLL_MILLIS} ago. What was once noticed stays so.
   *
   * @param atOnce Looks in any case.
   * @returns What is wrong; `undefined` when the files are the ones that were opened.
   */
  check(atOnce = false): StoreError | undefined {
    const now = this.#now();
    if (!atOnce && now - this.#lookedAt < PARKED_POLL_MILLIS) return this.#failure;
    this.#lookedAt = now;
    const [database, log] = [this.#database, this.#log];
    if (database === undefined || log === undefined) return undefined;
    const found = identify(this.#path, database);
    const same = isSameFile(database, found) &&
      isSameFile(log, identify(logPath(this.#path), log));
    // Once noticed, the marker is put back in case it was removed.
    if (!same || this.#failure !== undefined) this.#failure = replaced(this.#path, found);
    return this.#failure;
  }
}

/** What a name leads to; what was there before when the disk does not say. */
function identify(path: string, before: FileId): FileId | undefined {
  try {
    return identifyFile(path);
  } catch {
    return before;
  }
}

/** @returns Why the marker cannot be left; `undefined` when it is there. */
function leaveMarker(path: string): string | undefined {
  const text =
    "The store was removed or exchanged while the gateway ran. The next start begins a " +
    "new epoch and removes this file.\n";
  try {
    if (identifyFile(markerPath(path)) !== undefined) return undefined;
    makePrivateDirectory(dirname(path));
    writePrivateFile(markerPath(path), text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || (error as Error).name === "NotADirectory";
}
