/**
 * Verifies that a file is a complete store.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { describe, StoreError, toStoreError } from "./errors.ts";
import { identify } from "./schema.ts";

/**
 * Checks the structure of a file that nobody has open, without changing it. Reads all of it: some
 * seconds per GB.
 *
 * @throws {StoreError} When it is no store, or damaged.
 */
export function verifyBackup(path: string): void {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const { empty } = identify(db, path);
    if (empty) throw new StoreError("foreign", describe("foreign", path, "it is empty"));
    const row = db.prepare("PRAGMA integrity_check(1)").get() ?? {};
    const detail = String(Object.values(row)[0]);
    if (detail !== "ok") throw new StoreError("corrupt", describe("corrupt", path, detail));
  } catch (error) {
    throw toStoreError(error, path);
  } finally {
    db?.close();
  }
}
