/**
 * The store in the thread that it runs in: synchronous, the only owner of its connection.
 *
 * @module
 */
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { UnnumberedRecord } from "../../audit/audit_log.ts";
import type { AuditQuery } from "../../audit/audit_store.ts";
import type { AuditRecord } from "../../../protocol/rest/audit.ts";
import type { OwnAge, RestoreRequest, StoredEvent, StoredIdentity } from "../../ports.ts";
import { freeBytes, megabytes } from "../free_space.ts";
import { makePrivateDirectory, removeIfPresent } from "../private_files.ts";
import { AuditTable } from "./audit_table.ts";
import { BackupCopy, type CopyProgress, type CopyResult } from "./backup_copy.ts";
import {
  backupPath,
  closeDatabase,
  openDatabase,
  type OpenOptions,
  type OpenReport,
  rotateEpochs,
  run,
  transact,
} from "./database.ts";
import { StoreError, toStoreError } from "./errors.ts";
import { FileGuard, type FileId, identifyFile, logPath } from "./file_guard.ts";
import {
  type Extent,
  type IdentitiesPage,
  Reader,
  type SoundChannel,
  type StatesPage,
} from "./reader.ts";
import { Retention, type RetentionLimits, type RetentionStep } from "./retention.ts";
import { closeReplaced, emptyLog } from "./replaced_store.ts";
import { Writer } from "./writer.ts";

/** How to open an engine. */
export interface EngineOptions extends OpenOptions {
  /** How much is kept. */
  readonly retention: RetentionLimits;
}

/** What opening found. */
export interface Opened {
  /** What was found and done. */
  readonly report: OpenReport;
  /** Where every channel begins and ends. */
  readonly extents: ReadonlyMap<Channel, Extent>;
}

/** What must stay free on the disk beside the copy of a backup, in bytes: the store goes on. */
const SPARE_BYTES = 67_108_864;

/** A backup that has begun. */
export interface BackupBegun {
  /** The file in which it is made. */
  readonly path: string;
  /** Rows to copy, latest states not counted. */
  readonly rows: number;
  /** About the size of the result. */
  readonly bytes: number;
  /** Where every channel begins and ends in it. */
  readonly extents: ReadonlyMap<Channel, Extent>;
}

/** The store on an open file. Every method throws {@link StoreError}. */
export class Engine {
  readonly #db: DatabaseSync;
  readonly #options: EngineOptions;
  readonly #report: OpenReport;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #retention: Retention;
  readonly #audit: AuditTable;
  readonly #files: FileGuard;
  readonly #heads = new Map<Channel, number>();
  #backup: BackupCopy | undefined;
  #secured = false;

  /** Opens the file. */
  constructor(options: EngineOptions) {
    const { db, report } = openDatabase(options);
    this.#db = db;
    this.#options = options;
    this.#report = report;
    try {
      this.#files = new FileGuard(report.path);
      this.#writer = new Writer(db, options.channels);
      this.#reader = new Reader(db, options.channels);
      this.#audit = new AuditTable(db);
      this.#retention = new Retention(db, options.channels, options.retention);
      for (const [channel, { seq }] of this.#reader.extents()) this.#heads.set(channel, seq);
    } catch (error) {
      db.close();
      throw toStoreError(error, report.path);
    }
  }

  /** What opening found. */
  opened(): Opened {
    return this.#guard(() => ({ report: this.#report, extents: this.#reader.extents() }));
  }

  /** The open file, by which a thread that takes over recognises it. */
  file(): FileId | undefined {
    return this.#files.database;
  }

  /** What a gateway continues a channel from. */
  restore(channel: Channel, request: RestoreRequest): SoundChannel {
    return this.#guard(() => this.#reader.restore(channel, request));
  }

  /** A page of the latest states of a keyed channel; the first without `from`. */
  states(channel: Channel, request: RestoreRequest, from?: string): StatesPage {
    return this.#guard(() => this.#reader.states(channel, request, from));
  }

  /** A page of what publishers may still repeat; the first without `from`. */
  identities(epochMillis: number, from?: number): IdentitiesPage {
    return this.#guard(() => this.#reader.identities(epochMillis, from));
  }

  /** Keeps a batch whole or not at all. */
  commit(batch: readonly StoredEvent[], identities: readonly StoredIdentity[]): void {
    const heads = this.#headsAfter(batch);
    this.#guard(() => {
      this.#requireFiles();
      this.#backup?.beforeCommit(batch);
      this.#writer.commit(batch, identities);
    });
    for (const [channel, seq] of heads) this.#heads.set(channel, seq);
  }

  /** At most `limit` events after a number that is not below what is kept. */
  page(channel: Channel, afterSeq: number, limit: number): readonly StoredEvent[] {
    return this.#guard(() => this.#reader.page(channel, afterSeq, limit));
  }

  /** Keeps rows of the audit, all or none. */
  appendAudit(records: readonly UnnumberedRecord[]): void {
    this.#guard(() => {
      this.#requireFiles();
      this.#audit.append(records);
    });
  }

  /** The newest rows of the audit that are wanted, the newest first. */
  auditPage(query: AuditQuery): readonly AuditRecord[] {
    return this.#guard(() => this.#audit.page(query));
  }

  /** Takes one step of retention; none while a backup copies. */
  retain(epochMillis: number, own?: ReadonlyMap<Channel, OwnAge>): RetentionStep {
    return this.#guard(() => {
      this.#requireFiles();
      return this.#backup === undefined ? this.#retention.step(epochMillis, own) : { removed: 0 };
    });
  }

  /**
   * Begins a backup of what is stored now, in a file beside the store.
   *
   * @throws {StoreError} `busy` while another is made, `full` when the disk has no room for it.
   */
  beginBackup(): BackupBegun {
    return this.#guard(() => {
      const { path } = this.#report;
      if (identifyFile(backupPath(path)) !== undefined) {
        throw new StoreError("busy", "another backup is being made; wait until it has ended");
      }
      makePrivateDirectory(dirname(path)); // It may have been removed under the store.
      const bytes = this.#size();
      const free = freeBytes(dirname(path));
      if (free !== undefined && free < bytes + SPARE_BYTES) {
        const need = `${megabytes(bytes)} and ${megabytes(SPARE_BYTES)} to spare`;
        const message = `the backup is first made beside ${path} and needs ${need}; ` +
          `${megabytes(free)} are free: make room on that disk`;
        throw new StoreError("full", message);
      }
      const { channels } = this.#options;
      const copy = new BackupCopy(this.#db, backupPath(path), channels, this.#reader.extents());
      this.#backup = copy;
      return { path: backupPath(path), rows: copy.rows, bytes, extents: this.#reader.extents() };
    });
  }

  /** Copies some rows. What throws ends the backup. */
  stepBackup(): CopyProgress {
    return this.#withBackup((copy) => copy.step());
  }

  /** Closes the copy, whole. Retention goes on; the file stays until {@link Engine.endBackup}. */
  finishBackup(): CopyResult {
    const result = this.#withBackup((copy) => copy.finish());
    this.#backup = undefined;
    return result;
  }

  /** Removes what a backup has left, at whatever point it is. Idempotent. */
  endBackup(): void {
    this.#guard(() => {
      this.#backup?.discard();
      this.#backup = undefined;
      removeIfPresent(backupPath(this.#report.path));
    });
  }

  /** Gives every channel a new epoch, on the disk before it returns. */
  rotateEpoch(): ReadonlyMap<Channel, Extent> {
    return this.#guard(() => {
      run(this.#db, "PRAGMA synchronous = FULL");
      transact(this.#db, () => rotateEpochs(this.#db));
      if (this.#options.durability === "process") run(this.#db, "PRAGMA synchronous = NORMAL");
      return this.#reader.extents();
    });
  }

  /** Closes the file. */
  close(): void {
    this.#guard(() => {
      this.#backup?.discard();
      const failure = this.#files.check(true);
      if (failure === undefined) return closeDatabase(this.#db);
      closeReplaced(this.#db, this.#files, logPath(this.#report.path));
      throw failure;
    });
  }

  /** Lets go of the file without a word, as its thread is about to end. */
  abandon(): void {
    this.#db.close();
  }

  /** @throws {StoreError} `sequence` when a number does not follow: a hole would be there for ever. */
  #headsAfter(batch: readonly StoredEvent[]): Map<Channel, number> {
    const heads = new Map<Channel, number>();
    for (const { channel, seq } of batch) {
      const head = heads.get(channel) ?? this.#heads.get(channel)!;
      if (seq !== head + 1) {
        throw new StoreError("sequence", `${channel}: event ${seq} does not follow ${head}`);
      }
      heads.set(channel, seq);
    }
    return heads;
  }

  /** @throws {StoreError} `replaced` when the files are no longer those that were opened. */
  #requireFiles(): void {
    const failure = this.#files.check();
    if (failure === undefined) return;
    if (!this.#secured) this.#secured = emptyLog(this.#db);
    throw failure;
  }

  #withBackup<Result>(work: (copy: BackupCopy) => Result): Result {
    return this.#guard(() => {
      if (this.#backup === undefined) {
        throw new StoreError("internal", "the backup was interrupted; start another one");
      }
      return work(this.#backup);
    });
  }

  /** Bytes of what the store holds, without free pages. */
  #size(): number {
    const read = (name: string) => this.#db.prepare(`PRAGMA ${name}`).get()![name] as number;
    return (read("page_count") - read("freelist_count")) * read("page_size");
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, this.#report.path);
    }
  }
}
