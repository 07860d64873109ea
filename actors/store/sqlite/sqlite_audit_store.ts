/**
 * The rows of the audit in the file of the store.
 *
 * @module
 */
import type { AuditRecord } from "../../../protocol/rest/audit.ts";
import type { UnnumberedRecord } from "../../audit/audit_log.ts";
import type { AuditQuery, AuditStore } from "../../audit/audit_store.ts";
import type { EngineHost } from "./engine_host.ts";

/** See the module. */
export class SqliteAuditStore implements AuditStore {
  /** {@inheritDoc AuditStore.outlivesProcess} */
  readonly outlivesProcess = true;
  readonly #host: EngineHost;

  /** Uses the thread of a store. */
  constructor(host: EngineHost) {
    this.#host = host;
  }

  /** {@inheritDoc AuditStore.append} */
  async append(records: readonly UnnumberedRecord[]): Promise<void> {
    await this.#host.call("appendAudit", records);
  }

  /** {@inheritDoc AuditStore.page} */
  async page(query: AuditQuery): Promise<readonly AuditRecord[]> {
    return await this.#host.call("auditPage", query);
  }
}
