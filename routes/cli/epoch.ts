/**
 * Begins a new epoch in a store that was restored from a backup: `deno task epoch rotate`.
 *
 * The backup does not know the numbers that were given out after it was made. Going on within its
 * epoch would give them to other events, and clients that have seen them could not tell. The gateway
 * must not run meanwhile; the lock of the store sees to that.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { CHANNELS } from "../../protocol/channels.ts";
import { grantedPaths } from "./permissions.ts";
import { printError, printLine } from "./print.ts";

const USAGE = "usage: deno task epoch rotate (the store is the one of TELEMETRY_DATA_DIR)";

/** Nothing is forgotten by a command that has another purpose. */
const KEEP_ALL = { events: Number.MAX_SAFE_INTEGER, millis: Number.MAX_SAFE_INTEGER };

/**
 * Gives every channel of a directory's store a new epoch, which is on the disk when it returns.
 *
 * @returns What to tell the person who asked, a line for each channel.
 * @throws {StoreError} When there is no store or it cannot be used, for example as a gateway runs.
 */
export async function rotateStoreEpoch(directory: string): Promise<string[]> {
  const path = join(directory, STORE_FILE);
  if (!existsSync(path)) {
    throw new StoreError("io", `${path}: no such file; set TELEMETRY_DATA_DIR to its directory`);
  }
  const store = await SqliteStore.open({ directory, retention: KEEP_ALL });
  try {
    await store.rotateEpoch();
    return CHANNELS.map((channel) => {
      const { epoch, seq } = store.head(channel);
      return `${channel}: epoch ${epoch}, numbers go on after ${seq}`;
    });
  } finally {
    await store.close();
  }
}

if (import.meta.main) {
  if (Deno.args.length !== 1 || Deno.args[0] !== "rotate") {
    printError(USAGE);
    Deno.exit(2);
  }
  const directory = grantedPaths("write", {
    env: (name) => Deno.env.get(name),
    readFile: Deno.readTextFileSync,
  });
  try {
    for (const line of await rotateStoreEpoch(directory)) printLine(line);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    printError(`error: ${error.message}`);
    Deno.exit(1);
  }
}
