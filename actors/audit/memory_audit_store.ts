/**
 * The rows of the audit where nothing outlives the process.
 *
 * @module
 */
import type { AuditRecord } from "../../protocol/rest/audit.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { UnnumberedRecord } from "./audit_log.ts";
import { MAX_AUDIT_ROWS } from "../store/audit_limits.ts";
import type { AuditQuery, AuditStore } from "./audit_store.ts";

/** Most characters of all rows together (8 Mi). */
export const MAX_AUDIT_CHARACTERS = 8_388_608;

/** Keeps the newest rows in memory. */
export class MemoryAuditStore implements AuditStore {
  /** {@inheritDoc AuditStore.outlivesProcess} */
  readonly outlivesProcess = false;
  readonly #rows = new BoundedMap<number, AuditRecord>({
    maxEntries: MAX_AUDIT_ROWS,
    maxWeight: MAX_AUDIT_CHARACTERS,
    weigh: (row) => JSON.stringify(row).length,
  });
  #lastId = 0;

  /** {@inheritDoc AuditStore.append} */
  append(records: readonly UnnumberedRecord[]): Promise<void> {
    for (const record of records) {
      this.#lastId += 1;
      this.#rows.set(this.#lastId, { id: this.#lastId, ...record });
    }
    return Promise.resolve();
  }

  /** {@inheritDoc AuditStore.page} */
  page({ since = -Infinity, before = Infinity, limit }: AuditQuery): Promise<AuditRecord[]> {
    const wanted = [...this.#rows.values()].filter(({ id, at }) =>
      id < before && Date.parse(at) >= since
    );
    return Promise.resolve(wanted.reverse().slice(0, limit));
  }
}
