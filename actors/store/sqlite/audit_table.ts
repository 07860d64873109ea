/**
 * Writes, reads and forgets the rows of the audit.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { UnnumberedRecord } from "../../audit/audit_log.ts";
import type { AuditQuery } from "../../audit/audit_store.ts";
import { AUDIT_KEPT_MILLIS, MAX_AUDIT_ROWS } from "../audit_limits.ts";
import type { AuditRecord } from "../../../protocol/rest/audit.ts";
import { auditRange } from "./audit_schema.ts";
import { transact } from "./database.ts";

/** Writes and reads rows. */
export class AuditTable {
  readonly #db: DatabaseSync;
  readonly #append: StatementSync;
  readonly #page: StatementSync;

  /** Prepares the statements. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#append = db.prepare("INSERT INTO audit (at, record) VALUES (?, ?)");
    this.#page = db.prepare(
      "SELECT id, record FROM audit WHERE id < ? AND at >= ? ORDER BY id DESC LIMIT ?",
    );
  }

  /** Appends rows, all or none. */
  append(records: readonly UnnumberedRecord[]): void {
    transact(this.#db, () => {
      for (const record of records) {
        this.#append.run(Date.parse(record.at), JSON.stringify(record));
      }
    });
  }

  /** The newest rows that are wanted, the newest first. */
  page({ since, before, limit }: AuditQuery): readonly AuditRecord[] {
    const from = since ?? Number.MIN_SAFE_INTEGER;
    return this.#page.all(before ?? Number.MAX_SAFE_INTEGER, from, limit).map((row) => ({
      id: row["id"] as number,
      ...JSON.parse(row["record"] as string) as UnnumberedRecord,
    }));
  }
}

/**
 * Prepares forgetting: at most so many of the oldest rows, within the caller's transaction. Rows beyond
 * the number that is kept go, and rows beyond the age. One dated in the future is as old as the next, so
 * that a clock that was set holds back nothing; one dated in the past behind a younger one stays until
 * that goes, so that such a clock deletes nothing. The newest row stays: numbers go on after it.
 */
export function auditRetention(db: DatabaseSync): (rows: number, epochMillis: number) => number {
  const oldest = db.prepare("SELECT id, at FROM audit ORDER BY id LIMIT ?");
  const remove = db.prepare("DELETE FROM audit WHERE id < ?");
  return (rows, epochMillis) => {
    const range = auditRange(db);
    if (range === undefined) return 0;
    const byCount = Math.min(range.first + rows, range.last - MAX_AUDIT_ROWS + 1);
    let byAge = range.first;
    for (const { id, at } of oldest.all(rows) as { id: number; at: number }[]) {
      if (at > epochMillis) continue;
      if (at >= epochMillis - AUDIT_KEPT_MILLIS) break;
      byAge = id + 1;
    }
    const keepFrom = Math.min(range.last, Math.max(byCount, byAge));
    return keepFrom <= range.first ? 0 : Number(remove.run(keepFrom).changes);
  };
}
