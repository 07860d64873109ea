/**
 * Writes the line of an act at once and its row as soon as the store takes it.
 *
 * @module
 */
import type { Clock, Logger } from "../ports.ts";
import type { AuditRecord } from "../../protocol/rest/audit.ts";
import { type AuditEntry, type AuditTrail, toRecord, type UnnumberedRecord } from "./audit_log.ts";
import type { AuditQuery, AuditStore } from "./audit_store.ts";

/** Time between two attempts while the store takes no rows, in ms. */
export const AUDIT_RETRY_MILLIS = 1_000;

/** Most rows that wait for the store; beyond it the newest are lines of the log alone. */
export const MAX_WAITING_ROWS = 1_000;

/** See the module. */
export class AuditRecorder implements AuditTrail {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: AuditStore;
  /** Rows that the store has not taken yet, oldest first. */
  readonly #waiting: UnnumberedRecord[] = [];
  #writing: Promise<void> | undefined;
  #timer: unknown;
  #failing = false;
  #stopped = false;

  /** Records into a store. */
  constructor(clock: Clock, log: Logger, store: AuditStore) {
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
  }

  /** {@inheritDoc AuditLog.record} */
  record(entry: AuditEntry): void {
    const record = toRecord(entry, this.#clock.epochMillis());
    const { at: _, ...properties } = record;
    this.#log.info("audit", properties);
    if (this.#waiting.length >= MAX_WAITING_ROWS) {
      this.#log.error("the audit keeps no row of this act: too many wait for the store", {
        act: entry.act,
      });
      return;
    }
    this.#waiting.push(record);
    if (this.#timer === undefined) this.#write();
  }

  /** {@inheritDoc AuditStore.outlivesProcess} */
  get outlivesProcess(): boolean {
    return this.#store.outlivesProcess;
  }

  /** Waits for rows under way, so that whoever acts sees it. */
  async page(query: AuditQuery): Promise<readonly AuditRecord[]> {
    await this.#writing;
    return await this.#store.page(query);
  }

  /** Waits for rows under way; those that the store does not take then are given up. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#waiting.length > 0) {
      this.#write();
      await this.#writing;
    }
    if (this.#waiting.length === 0) return;
    this.#log.error("acts are in the log and not in the audit: the store did not take their rows", {
      rows: this.#waiting.length,
    });
  }

  #write(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting.slice();
    this.#writing = this.#store.append(batch).then(
      () => this.#written(batch.length),
      (error) => this.#failed(error),
    );
  }

  #written(count: number): void {
    this.#writing = undefined;
    this.#waiting.splice(0, count);
    if (this.#failing) this.#log.info("the audit is kept again");
    this.#failing = false;
    this.#write();
  }

  #failed(error: unknown): void {
    this.#writing = undefined;
    // A full disk fails every attempt; once is enough to say so.
    if (!this.#failing) {
      const message = "the audit cannot be kept now; its rows wait, and its lines are here";
      this.#log.error(message, { error: String(error) });
    }
    this.#failing = true;
    if (this.#stopped) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, AUDIT_RETRY_MILLIS);
  }
}
