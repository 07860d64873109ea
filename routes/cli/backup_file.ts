/**
 * Writes a backup to the file that was asked for: whole, or not at all.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { freeBytes, megabytes } from "../../actors/store/free_space.ts";
import { verifyBackup } from "../../actors/store/sqlite/verify_backup.ts";
import type { BackupFile } from "../../protocol/backup.ts";
import { BackupError, type BackupItem } from "./backup_source.ts";

/** How a backup goes on: rows copied in the gateway, then bytes received. */
export interface BackupProgress {
  /** Which of the two. */
  readonly phase: "copied" | "received";
  /** How many. */
  readonly done: number;
  /** Of how many, as far as that is known. */
  readonly total: number;
}

/** Name under which the file grows; it is renamed when it is whole. */
export function partialPath(path: string): string {
  return `${path}.partial`;
}

/**
 * Takes the items of a backup and makes a file of mode 0600 of them.
 *
 * @param tell Told how it goes.
 * @returns What is in the file.
 * @throws {BackupError} When there is no room, the source fails, or the result is not whole. No file
 * is left then.
 */
export async function writeBackup(
  path: string,
  items: AsyncIterable<BackupItem>,
  tell: (progress: BackupProgress) => void,
): Promise<BackupFile> {
  await refuseExisting(path);
  const partial = partialPath(path);
  const file = await Deno.open(partial, { createNew: true, write: true, mode: 0o600 })
    .catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      throw new BackupError(`${partial} exists: another backup writes it, or left it; remove it`);
    });
  try {
    let content: BackupFile;
    try {
      content = await receive(path, file, items, tell);
      await file.sync();
    } finally {
      file.close();
    }
    verifyBackup(partial);
    await refuseExisting(path);
    await Deno.rename(partial, path);
    return content;
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

async function receive(
  path: string,
  file: Deno.FsFile,
  items: AsyncIterable<BackupItem>,
  tell: (progress: BackupProgress) => void,
): Promise<BackupFile> {
  let content: BackupFile | undefined;
  let rows = 0;
  let received = 0;
  for await (const item of items) {
    if (item instanceof Uint8Array) {
      for (let at = 0; at < item.length;) at += await file.write(item.subarray(at));
      received += item.length;
      tell({ phase: "received", done: received, total: content?.bytes ?? 0 });
    } else if ("rows" in item) {
      rows = item.rows;
      requireRoom(path, item.bytes);
    } else if ("copied" in item) {
      tell({ phase: "copied", done: item.copied, total: rows });
    } else if ("file" in item) {
      content = item.file;
      requireRoom(path, item.file.bytes);
    } else {
      throw new BackupError(item.error.message);
    }
  }
  if (content === undefined || received !== content.bytes) {
    throw new BackupError("the gateway ended before the backup was whole; try again");
  }
  return content;
}

function requireRoom(path: string, bytes: number): void {
  const directory = dirname(resolve(path));
  const free = freeBytes(directory);
  if (free === undefined || free >= bytes) return;
  const [need, have] = [megabytes(bytes), megabytes(free)];
  throw new BackupError(`${path} needs ${need}, and ${have} are free in ${directory}: make room`);
}

async function refuseExisting(path: string): Promise<void> {
  const known = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (known !== undefined) throw new BackupError(`${path} exists; choose another name`);
}
