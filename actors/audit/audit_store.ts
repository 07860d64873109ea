/**
 * Where the rows of the audit are kept.
 *
 * @module
 */
import type { AuditRecord } from "../../protocol/rest/audit.ts";
import type { UnnumberedRecord } from "./audit_log.ts";

/** Which rows are wanted. */
export interface AuditQuery {
  /** Only acts of this time or later, epoch ms. */
  readonly since?: number | undefined;
  /** Only acts with lower numbers. */
  readonly before?: number | undefined;
  /** Most rows. */
  readonly limit: number;
}

/** Keeps rows in the order in which they come. */
export interface AuditStore {
  /** Whether rows outlive the process. */
  readonly outlivesProcess: boolean;
  /**
   * Keeps rows, all or none.
   *
   * @throws {Error} When none could be kept.
   */
  append(records: readonly UnnumberedRecord[]): Promise<void>;
  /**
   * The newest rows that are wanted, the newest first.
   *
   * @throws {Error} When they cannot be read.
   */
  page(query: AuditQuery): Promise<readonly AuditRecord[]>;
}
