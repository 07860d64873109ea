/**
 * What can go wrong with a store, in words that say what to do.
 *
 * @module
 */

/**
 * What is wrong with a store.
 *
 * - `locked`: another process has it open.
 * - `foreign`: the file is something else.
 * - `newer`: a newer version of the gateway wrote it.
 * - `corrupt`: the file is damaged.
 * - `damaged`: one stored event is not what was written; the others can be read.
 * - `orphaned`: there is a write-ahead log without the database it belongs to.
 * - `replaced`: the files were removed or exchanged under the open store.
 * - `busy`: a backup is being made already.
 * - `full`: the disk is full; goes away with room.
 * - `readonly`: the file or its directory cannot be written.
 * - `io`: the disk failed, or the file cannot be opened.
 * - `sequence`: a number did not follow the head; a mistake of the caller.
 * - `lost`: the thread of the store ended; the next call starts another.
 * - `closed`: the store was closed.
 * - `internal`: anything else.
 */
export type StoreErrorCode =
  | "locked"
  | "foreign"
  | "newer"
  | "corrupt"
  | "damaged"
  | "orphaned"
  | "replaced"
  | "busy"
  | "full"
  | "readonly"
  | "io"
  | "sequence"
  | "lost"
  | "closed"
  | "internal";

/** A failure of the store. The message names the file and what to do about it. */
export class StoreError extends Error {
  /** What is wrong. */
  readonly code: StoreErrorCode;

  /** Takes the code, a message for people, and what caused it. */
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) by what they mean here. */
const CODES: Readonly<Record<number, StoreErrorCode>> = {
  3: "readonly", // SQLITE_PERM
  5: "locked", // SQLITE_BUSY
  6: "locked", // SQLITE_LOCKED
  8: "readonly", // SQLITE_READONLY
  10: "io", // SQLITE_IOERR
  11: "corrupt", // SQLITE_CORRUPT
  13: "full", // SQLITE_FULL
  14: "io", // SQLITE_CANTOPEN
  26: "foreign", // SQLITE_NOTADB
};

/** Texts by which errors without a number are told apart: those of `new DatabaseSync`. */
const TEXTS: readonly (readonly [text: string, code: StoreErrorCode])[] = [
  ["database is locked", "locked"],
  ["readonly database", "readonly"],
  ["file is not a database", "foreign"],
  ["malformed", "corrupt"],
  ["disk is full", "full"],
  ["disk I/O error", "io"],
  ["unable to open database file", "io"],
];

/**
 * Translates an error of SQLite.
 *
 * @param path The file of the store.
 * @returns The error itself when it is a {@link StoreError} or none of SQLite's: a missing permission
 * of Deno keeps its own explanation.
 */
export function toStoreError(error: unknown, path: string): Error {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError("internal", `${path}: ${String(error)}`);
  if (error.name === "NotCapable") return error;
  const code = codeOf(error);
  return new StoreError(code, describe(code, path, error.message), { cause: error });
}

function codeOf(error: Error): StoreErrorCode {
  const { errcode, code } = error as { errcode?: number; code?: unknown };
  // The low byte is the primary code; the rest says more than matters here.
  if (errcode !== undefined) return CODES[errcode & 0xff] ?? "internal";
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return "io"; // The file system said so.
  return TEXTS.find(([text]) => error.message.includes(text))?.[1] ?? "internal";
}

/** The message of a code. */
export function describe(code: StoreErrorCode, path: string, detail: string): string {
  switch (code) {
    case "locked":
      return `${path} is in use by another process; stop it, or set TELEMETRY_DATA_DIR to a ` +
        "directory of its own";
    case "foreign":
      return `${path} is not a store of the telemetry gateway (${detail}); move it away, or set ` +
        "TELEMETRY_DATA_DIR to another directory";
    case "newer":
      return `${path} was written by a newer version of the gateway (${detail}); run that version, ` +
        "or set TELEMETRY_DATA_DIR to another directory";
    case "corrupt":
      return `${path} is damaged (${detail}); move it away together with the files beside it that ` +
        "begin with its name, then restore a backup and rotate its epoch, or start without it";
    case "orphaned":
      return `${path} is missing or empty, but its log ${path}-wal holds data (${detail}); move the ` +
        "database back beside its log, or move the log away to start with an empty store";
    case "replaced":
      return `${path} or its log was removed or exchanged while the gateway ran (${detail}); nothing ` +
        "is stored any more. Save what the gateway still has with deno task backup FILE, put the " +
        "store that shall be used in place, and restart the gateway";
    case "full":
      return `${path}: the disk is full; nothing is stored until there is room`;
    case "readonly":
      return `${path} or its directory cannot be written (${detail}); make both writable`;
    case "io":
      return `${path} cannot be opened, read or written (${detail}); see to the disk and to the ` +
        "rights of the directory";
    default:
      return `${path}: ${detail}`;
  }
}
