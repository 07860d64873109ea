/**
 * The development key: made at the first start on a loopback address when no key is configured.
 *
 * @module
 */
import { join } from "node:path";
import {
  makePrivateDirectory,
  removeIfPresent,
  writePrivateFile,
} from "../../actors/store/private_files.ts";

/** The file in the data directory that keeps the key. */
export const DEVELOPMENT_KEY_FILE = "development.key";

/** The key and whether it was made just now. */
export interface DevelopmentKey {
  /** The key itself; never logged. */
  readonly secret: string;
  /** Where it is kept. */
  readonly path: string;
  /** Whether this start made it; only then is it shown. */
  readonly created: boolean;
}

/**
 * Reads the key from the data directory, or makes one that only its owner can read.
 *
 * @throws {Deno.errors.NotCapable} When the permissions do not cover the directory.
 */
export async function developmentKey(dataDir: string): Promise<DevelopmentKey> {
  const path = join(dataDir, DEVELOPMENT_KEY_FILE);
  const kept = await readDevelopmentKey(dataDir);
  if (kept !== undefined) return { secret: kept, path, created: false };
  makePrivateDirectory(dataDir);
  removeIfPresent(path); // One that is empty may have other rights.
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const secret = `dev_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  writePrivateFile(path, `${secret}\n`);
  return { secret, path, created: true };
}

/** Reads the key; `undefined` when none was made. */
export async function readDevelopmentKey(dataDir: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(join(dataDir, DEVELOPMENT_KEY_FILE))).trim() || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
