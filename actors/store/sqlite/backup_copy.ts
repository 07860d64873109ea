/**
 * Copies an open store row by row into a second database, of the moment at which the copy began.
 *
 * SQLite's own ways are closed: `VACUUM INTO` needs all permissions of Deno, `backup()` holds its
 * thread a second per 200 MB, and nobody else can read a file that is held exclusively. So the thread
 * that owns the store reads a few hundred rows at a time, and commits go between.
 *
 * - Events and identities are only ever appended and cut off at the beginning: the copy takes the
 *   numbers that were there when it began. Retention rests meanwhile, so that no hole comes about.
 * - A latest state is overwritten by the next event of its key. Before a commit does so, the old row
 *   is copied; the pass over the table leaves out what came later.
 *
 * So the amount of work is fixed at the beginning, and no load can outrun it.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { StoredEvent } from "../../ports.ts";
import { makePrivateFile, removeIfPresent } from "../private_files.ts";
import { AUDIT_COLUMNS, auditRange } from "./audit_schema.ts";
import { isSound } from "./checksum.ts";
import { run, transact } from "./database.ts";
import type { Extent } from "./reader.ts";
import { escape, EVENT_COLUMNS, EVENT_VALUES, type Row } from "./rows.ts";
import { type ChannelTables, eventsTable, latestTable, migrate } from "./schema.ts";

/** Most rows copied in one step. */
const MAX_COPY_ROWS = 500;

/** Rows of the first bite of a step; rows differ in size by a factor of a thousand. */
const FIRST_BITE_ROWS = 16;

/** Time after which a step takes no further bite, in ms: the next may take twice as long again. */
const BITE_UNTIL_MILLIS = 1;

const IDENTITY_COLUMNS = "id, channel, seq, principal, event_id, digest, expires_at";

/** How far a copy is. */
export interface CopyProgress {
  /** Rows copied so far. */
  readonly copied: number;
  /** Whether nothing is left. */
  readonly done: boolean;
}

/** A finished copy. */
export interface CopyResult {
  /** Size of the file. */
  readonly bytes: number;
  /** Rows that are not what was written; they were copied as they are. */
  readonly damaged: number;
}

/** One table on its way. Copies at most `rows`, and says how many it looked at. */
type Job = (rows: number) => number;

/** A copy in the making. */
export class BackupCopy {
  /** Rows to copy; latest states, whose number is not known, are not counted. */
  readonly rows: number;
  readonly #path: string;
  readonly #source: DatabaseSync;
  readonly #target: DatabaseSync;
  readonly #jobs: Job[];
  readonly #states = new Map<string, LatestCopy>();
  #copied = 0;
  #damaged = 0;
  #failure: unknown;

  /**
   * Begins: what is in the store now is what the copy will hold.
   *
   * @param path The file to make; one that is there from an earlier attempt is removed.
   */
  constructor(
    source: DatabaseSync,
    path: string,
    channels: readonly ChannelTables[],
    extents: ReadonlyMap<Channel, Extent>,
  ) {
    this.#source = source;
    this.#path = path;
    removeIfPresent(path);
    makePrivateFile(path);
    this.#target = new DatabaseSync(path);
    try {
      // A copy that does not come to its end is worth nothing. Deno forbids the mode OFF.
      run(this.#target, "PRAGMA journal_mode = MEMORY");
      run(this.#target, "PRAGMA synchronous = OFF");
      run(this.#target, "PRAGMA locking_mode = EXCLUSIVE");
      transact(this.#target, () => this.#copyHeads(channels));
      const last = maxIdentity(source);
      const first = minIdentity(source);
      const acts = auditRange(source) ?? { first: 1, last: 0 };
      this.rows = last - first + 1 + acts.last - acts.first + 1;
      this.#jobs = channels.filter(({ keyed }) => keyed).map(({ name }) => {
        const states = new LatestCopy(
          source,
          this.#target,
          name,
          extents.get(name as Channel)!.seq,
        );
        this.#states.set(name, states);
        return (rows: number) => this.#count(states.step(rows));
      });
      this.#jobs.push(this.#rangeJob("identities", "id", IDENTITY_COLUMNS, first, last));
      this.#jobs.push(this.#rangeJob("audit", "id", AUDIT_COLUMNS, acts.first, acts.last));
      for (const { name } of channels) {
        const { oldest, seq } = extents.get(name as Channel)!;
        this.rows += seq - oldest + 1;
        this.#jobs.push(this.#rangeJob(eventsTable(name), "seq", EVENT_COLUMNS, oldest, seq));
      }
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Copies the next rows. */
  step(): CopyProgress {
    if (this.#failure !== undefined) throw this.#failure;
    const startedAt = performance.now();
    let left = MAX_COPY_ROWS;
    transact(this.#target, () => {
      for (let bite = FIRST_BITE_ROWS; left > 0 && this.#jobs.length > 0; bite *= 2) {
        const wanted = Math.min(bite, left);
        const looked = this.#jobs[0]!(wanted);
        if (looked < wanted) this.#jobs.shift();
        left -= wanted;
        if (performance.now() - startedAt > BITE_UNTIL_MILLIS) return;
      }
    });
    return { copied: this.#copied, done: this.#jobs.length === 0 };
  }

  /** Keeps the states that a commit is about to overwrite. Never throws: a commit goes first. */
  beforeCommit(batch: readonly StoredEvent[]): void {
    if (this.#states.size === 0 || this.#failure !== undefined) return;
    try {
      for (const { channel, key } of batch) this.#states.get(channel)?.keep(key);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Closes the copy, which is whole. */
  finish(): CopyResult {
    this.#target.close();
    return { bytes: Deno.statSync(this.#path).size, damaged: this.#damaged };
  }

  /** Closes and removes the file. Idempotent. */
  discard(): void {
    try {
      this.#target.close();
    } catch {
      // It is closed.
    }
    removeIfPresent(this.#path);
  }

  #copyHeads(channels: readonly ChannelTables[]): void {
    migrate(this.#target, 0, channels);
    const session = this.#source.prepare("SELECT durability, boot_id FROM session").get()!;
    this.#target.prepare("INSERT INTO session VALUES (1, ?, ?, 1)")
      .run(session["durability"] as string, session["boot_id"] as string);
    const add = this.#target.prepare("INSERT INTO channels VALUES (?, ?, ?)");
    for (const row of this.#source.prepare("SELECT name, epoch, horizon FROM channels").all()) {
      add.run(row["name"] as string, row["epoch"] as string, row["horizon"] as number);
    }
  }

  /** Copies the rows of a table between two numbers, both included. */
  #rangeJob(table: string, id: string, columns: string, first: number, last: number): Job {
    const read = this.#source.prepare(
      `SELECT ${columns} FROM ${table} WHERE ${id} BETWEEN ? AND ? ORDER BY ${id} LIMIT ?`,
    );
    const write = insert(this.#target, "INSERT", table, columns);
    let next = first;
    return (limit) => {
      const rows = read.all(next, last, limit);
      for (const row of rows) write.run(...values(row));
      if (rows.length > 0) next = rows.at(-1)![id] as number + 1;
      return this.#count(rows);
    };
  }

  #count(rows: readonly Row[]): number {
    for (const row of rows) if ("checksum" in row && !isSound(row)) this.#damaged += 1;
    this.#copied += rows.length;
    return rows.length;
  }
}

/** The latest states of a channel on their way. */
class LatestCopy {
  readonly #head: number;
  readonly #read: StatementSync;
  readonly #find: StatementSync;
  readonly #write: StatementSync;
  /** Keys that commits have overwritten: their old row is kept, or there was none. */
  readonly #kept = new Set<string>();
  #after = "";
  #done = false;

  /** Begins before the first key; states of numbers after `head` are of a later moment. */
  constructor(source: DatabaseSync, target: DatabaseSync, channel: string, head: number) {
    const table = latestTable(channel);
    this.#head = head;
    this.#read = source.prepare(
      `SELECT ${EVENT_COLUMNS} FROM ${table} WHERE key > ? ORDER BY key LIMIT ?`,
    );
    this.#find = source.prepare(`SELECT ${EVENT_COLUMNS} FROM ${table} WHERE key = ?`);
    this.#write = insert(target, "INSERT OR IGNORE", table, EVENT_COLUMNS);
  }

  /** Copies the states of the next keys; returns what it looked at. */
  step(limit: number): Row[] {
    // No key is empty, so that nothing comes before the first.
    const rows = this.#read.all(this.#after, limit);
    for (const row of rows) this.#copy(row);
    if (rows.length > 0) this.#after = rows.at(-1)!["key"] as string;
    if (rows.length < limit) this.#done = true;
    return rows;
  }

  /** Copies the state of a key before it is overwritten for the first time. */
  keep(key: string): void {
    if (this.#done || this.#kept.has(key)) return;
    this.#kept.add(key);
    const row = this.#find.get(escape(key));
    if (row !== undefined) this.#copy(row);
  }

  #copy(row: Row): void {
    if (row["seq"] as number <= this.#head) this.#write.run(...values(row));
  }
}

type Value = string | number | null;

function values(row: Row): Value[] {
  return Object.values(row) as Value[];
}

function insert(db: DatabaseSync, verb: string, table: string, columns: string): StatementSync {
  const places = columns === EVENT_COLUMNS ? EVENT_VALUES : columns.replaceAll(/\w+/g, "?");
  return db.prepare(`${verb} INTO ${table} (${columns}) VALUES (${places})`);
}

function minIdentity(db: DatabaseSync): number {
  return (db.prepare("SELECT min(id) AS id FROM identities").get()!["id"] ?? 1) as number;
}

function maxIdentity(db: DatabaseSync): number {
  return (db.prepare("SELECT max(id) AS id FROM identities").get()!["id"] ?? 0) as number;
}
