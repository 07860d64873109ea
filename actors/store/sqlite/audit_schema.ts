/**
 * The table of the audit: rows are appended and cut off at the beginning, and never changed.
 *
 * A row holds the record as JSON, as texts from outside may hold what SQLite cannot keep. The version
 * of the schema stays: a program that does not know the table leaves it alone.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** The columns that are written. */
export const AUDIT_COLUMNS = "id, at, record";

/** Makes the table where there is none. */
export function createAuditTable(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS audit
      (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, record TEXT NOT NULL) STRICT
  `);
}

/** The lowest and the highest number; `undefined` when there is no row. */
export function auditRange(db: DatabaseSync): { first: number; last: number } | undefined {
  const row = db.prepare("SELECT min(id) AS first, max(id) AS last FROM audit").get()!;
  const { first, last } = row as { first: number | null; last: number | null };
  return first === null || last === null ? undefined : { first, last };
}
