/**
 * Begins a new epoch in a stored sequence of events.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { recordCommand } from "../../actors/audit/audit_log.ts";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { CommandError } from "./command_error.ts";

/** A command that has another purpose deletes no events. */
const KEEP_ALL = { events: Number.MAX_SAFE_INTEGER, millis: Number.MAX_SAFE_INTEGER };

/**
 * Gives every channel of a directory's store a new epoch, which is on the disk when it returns.
 *
 * @returns One line a channel, for people.
 * @throws {CommandError} When there is no store or it cannot be used, for example while a gateway
 * runs on it.
 */
export async function rotateStoreEpoch(directory: string): Promise<string[]> {
  const path = join(directory, STORE_FILE);
  if (!existsSync(path)) {
    throw new CommandError(`${path}: no such file; set TELEMETRY_DATA_DIR to its directory`);
  }
  const store = await SqliteStore.open({ directory, retention: KEEP_ALL }).catch(explain);
  try {
    await store.rotateEpoch().catch(explain);
    await recordCommand(store.audit, "epoch_rotate", Date.now()).catch(explain);
    return store.channels.names.map((channel) => {
      const { epoch, seq } = store.head(channel);
      return `${channel}: epoch ${epoch}, numbers go on after ${seq}`;
    });
  } finally {
    await store.close();
  }
}

function explain(error: unknown): never {
  throw error instanceof StoreError ? new CommandError(error.message) : error;
}
