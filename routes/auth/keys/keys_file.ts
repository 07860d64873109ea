/**
 * The keys file on the disk: read whole, replaced by rename, changed under a lock that every process
 * respects which changes it through here.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { dirname } from "node:path";
import {
  makePrivateDirectory,
  removeIfPresent,
  writePrivateFile,
} from "../../../actors/store/private_files.ts";
import { KeyError } from "../../../protocol/keys/edits.ts";
import { MAX_KEYS_FILE_BYTES } from "../../../protocol/keys/document.ts";

/** What tells one state of a file from another, and whether others may use it. */
export interface FileStamp {
  /** Device, inode, size and time of change; another state of the file has another one. */
  readonly identity: string;
  /** When it was changed, epoch ms. */
  readonly changedAt: number;
  /** The rights of the file; absent where there are none. */
  readonly mode?: number | undefined;
}

/** A keys file, wherever it is. */
export interface KeysFile {
  /** Its path, for people. */
  readonly path: string;
  /** The present state; `undefined` when there is no file. */
  stat(): Promise<FileStamp | undefined>;
  /** The text; `undefined` when there is no file. */
  read(): Promise<string | undefined>;
  /**
   * Works while no other process changes the file.
   *
   * @throws {KeyError} `KEYS_READ_ONLY` when the file cannot be locked.
   */
  locked<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Puts a text in place of the file, whole or not at all. Under {@link KeysFile.locked}.
   *
   * @throws {KeyError} `KEYS_READ_ONLY` when the file cannot be replaced.
   */
  replace(text: string): Promise<void>;
}

/** How long another process may hold the lock, in ms. An edit takes a few. */
const LOCK_MILLIS = 10_000;

/** Names beside the file: what is written before it is renamed, and what is locked. */
export const KEYS_FILE_COMPANIONS = [".new", ".lock"] as const;

/** A keys file of this machine. Links to it are followed, so that the link stays one. */
export class DiskKeysFile implements KeysFile {
  readonly path: string;

  /** Nothing is opened yet. */
  constructor(path: string) {
    this.path = path;
  }

  /** {@inheritDoc KeysFile.stat} */
  async stat(): Promise<FileStamp | undefined> {
    try {
      const { dev, ino, size, mtime, mode } = await Deno.stat(this.path);
      const changedAt = mtime?.getTime() ?? 0;
      return { identity: `${dev}:${ino}:${size}:${changedAt}`, changedAt, mode: mode ?? undefined };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** {@inheritDoc KeysFile.read} */
  async read(): Promise<string | undefined> {
    let bytes: Uint8Array;
    try {
      using file = await Deno.open(this.path);
      bytes = await readAtMost(file, MAX_KEYS_FILE_BYTES + 1);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    if (bytes.length > MAX_KEYS_FILE_BYTES) {
      throw new Error(`the file has more than ${MAX_KEYS_FILE_BYTES} bytes`);
    }
    return Buffer.from(bytes).toString();
  }

  /** {@inheritDoc KeysFile.locked} */
  async locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const lock = await this.#writable(async (path) => {
      try {
        return await openLock(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        makePrivateDirectory(dirname(path));
        return await openLock(path);
      }
    });
    try {
      await lockWithin(lock, LOCK_MILLIS, this.path);
      return await work();
    } finally {
      lock.close(); // Gives up the lock as well.
    }
  }

  /** {@inheritDoc KeysFile.replace} */
  async replace(text: string): Promise<void> {
    await this.#writable(async (path) => {
      const next = path + KEYS_FILE_COMPANIONS[0];
      removeIfPresent(next); // Of a process that was killed.
      writePrivateFile(next, text);
      try {
        await giveToOwner(next, path);
        using file = await Deno.open(next, { read: true, write: true });
        await file.sync();
        await Deno.rename(next, path);
      } catch (error) {
        removeIfPresent(next);
        throw error;
      }
      using directory = await Deno.open(dirname(path)).catch(() => undefined);
      await directory?.sync().catch(() => {}); // Not every system can.
    });
  }

  async #writable<Result>(work: (path: string) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.#target());
    } catch (error) {
      if (!isRefused(error)) throw error;
      const message = `${this.path} cannot be written here (${
        (error as Error).name
      }); change it where it comes from, or with the user and the permissions of its directory`;
      throw new KeyError("KEYS_READ_ONLY", message);
    }
  }

  /** Where the file really is. */
  async #target(): Promise<string> {
    try {
      return await Deno.realPath(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return this.path;
      throw error;
    }
  }
}

function openLock(path: string): Promise<Deno.FsFile> {
  const options = { create: true, write: true, mode: 0o600 };
  return Deno.open(path + KEYS_FILE_COMPANIONS[1], options);
}

/** The permissions cover a file that was named; another one is then as good as none. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
}

function isRefused(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied) return true;
  if (error instanceof Deno.errors.NotCapable) return true;
  return (error as { readonly code?: unknown } | undefined)?.code === "EROFS";
}

async function readAtMost(file: Deno.FsFile, limit: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(limit, (await file.stat()).size + 1));
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/** The lock ends with its process, so what holds it for long is stuck. */
async function lockWithin(file: Deno.FsFile, millis: number, path: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const message = `another process has held the lock of ${path} for ${millis / 1_000} s; try again`;
  const timer = setTimeout(() => reject(new KeyError("KEYS_READ_ONLY", message)), millis);
  try {
    await Promise.race([file.lock(true), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Gives a file to whom the file in its place belongs, else to whom the directory does: an
 * administrator may edit what another user's gateway reads. What cannot be given is left as it is.
 */
async function giveToOwner(path: string, place: string): Promise<void> {
  const before = await Deno.stat(place).catch(() => Deno.stat(dirname(place)))
    .catch(() => undefined); // The permissions may cover the file alone.
  const own = await Deno.stat(path);
  const { uid = null, gid = null } = before ?? {};
  if (uid === null || gid === null || (uid === own.uid && gid === own.gid)) return;
  await Deno.chown(path, uid, gid).catch(() => {});
}
