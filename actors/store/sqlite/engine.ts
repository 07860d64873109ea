/**
 * The store in the thread that it runs in: synchronous, the only owner of its connection.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { RestoreRequest, StoredEvent, StoredIdentity } from "../../ports.ts";
import {
  closeDatabase,
  openDatabase,
  type OpenOptions,
  type OpenReport,
  rotateEpochs,
  run,
  transact,
} from "./database.ts";
import { StoreError, toStoreError } from "./errors.ts";
import { FileGuard, type FileId, logPath } from "./file_guard.ts";
import { type Extent, type IdentitiesPage, Reader, type SoundChannel } from "./reader.ts";
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

/** The store on an open file. Every method throws {@link StoreError}. */
export class Engine {
  readonly #db: DatabaseSync;
  readonly #options: EngineOptions;
  readonly #report: OpenReport;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #retention: Retention;
  readonly #files: FileGuard;
  readonly #heads = new Map<Channel, number>();
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

  /** A page of what publishers may still repeat; the first without `from`. */
  identities(epochMillis: number, from?: number): IdentitiesPage {
    return this.#guard(() => this.#reader.identities(epochMillis, from));
  }

  /** Keeps a batch whole or not at all. */
  commit(batch: readonly StoredEvent[], identities: readonly StoredIdentity[]): void {
    const heads = this.#headsAfter(batch);
    this.#guard(() => {
      this.#requireFiles();
      this.#writer.commit(batch, identities);
    });
    for (const [channel, seq] of heads) this.#heads.set(channel, seq);
  }

  /** At most `limit` events after a number that is not below what is kept. */
  page(channel: Channel, afterSeq: number, limit: number): readonly StoredEvent[] {
    return this.#guard(() => this.#reader.page(channel, afterSeq, limit));
  }

  /** Takes one step of retention. */
  retain(epochMillis: number): RetentionStep {
    return this.#guard(() => {
      this.#requireFiles();
      return this.#retention.step(epochMillis);
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

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, this.#report.path);
    }
  }
}
