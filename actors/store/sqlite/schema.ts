/**
 * The tables of the store and how older ones become the present ones.
 *
 * Each channel has a table of events whose rowid is the sequence number, so that every commit
 * appends at the end and retention cuts off at the beginning; the number of the last event is the
 * highest rowid, as retention never takes the newest event. Channels of states have a table
 * of latest states beside it, which retention does not touch. Identities are appended and cut off
 * likewise: an index over random ids would cost a page per event.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { createAuditTable } from "./audit_schema.ts";
import { describe, StoreError } from "./errors.ts";

/** Marks the file as ours in its header: `TLMG`. */
const APPLICATION_ID = 0x544c4d47;

/** A channel, as far as its tables are concerned. */
export interface ChannelTables {
  /** Its wire name. */
  readonly name: string;
  /** Whether latest states are kept. */
  readonly keyed: boolean;
  /**
   * Whether events are looked up by key, and by trader and key, as the snapshot is the latest one of
   * the last keys.
   */
  readonly indexed?: boolean;
}

/** One step from a version to the next; the first builds on an empty file. */
export type Migration = (db: DatabaseSync, channels: readonly ChannelTables[]) => void;

/** Every step, in order. Steps that were released are never changed; new ones are added. */
export const MIGRATIONS: readonly Migration[] = [
  (db) => {
    db.exec(`
      CREATE TABLE session (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        durability TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        clean INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE channels (
        name TEXT PRIMARY KEY,
        epoch TEXT NOT NULL,
        horizon INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE identities (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        seq INTEGER NOT NULL,
        principal TEXT NOT NULL,
        event_id TEXT NOT NULL,
        digest TEXT NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT;
    `);
  },
];

/** The version that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Name of a channel's table of events. */
export function eventsTable(channel: string): string {
  return `events_${channel.replaceAll("-", "_")}`;
}

/** Name of a channel's table of latest states. */
export function latestTable(channel: string): string {
  return `latest_${channel.replaceAll("-", "_")}`;
}

/** Creates the tables of a channel that the store does not have yet. */
function createChannelTables(
  db: DatabaseSync,
  { name, keyed, indexed }: ChannelTables,
): void {
  const columns = "key TEXT NOT NULL, ends TEXT, timestamp INTEGER NOT NULL, time TEXT NOT NULL, " +
    "data TEXT NOT NULL, checksum INTEGER, trader TEXT, previous_trader TEXT";
  db.exec(
    `CREATE TABLE IF NOT EXISTS ${eventsTable(name)} (seq INTEGER PRIMARY KEY, ${columns}) STRICT`,
  );
  addColumns(db, eventsTable(name));
  if (indexed) {
    // An index holds the rowid as well, so that the latest numbers are found without the events.
    const table = eventsTable(name);
    db.exec(`
      CREATE INDEX IF NOT EXISTS ${table}_by_key ON ${table} (key);
      CREATE INDEX IF NOT EXISTS ${table}_by_trader ON ${table} (trader, key);
    `);
  }
  if (!keyed) return;
  const latest = latestTable(name);
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${latest}
      (seq INTEGER NOT NULL, ${columns}, PRIMARY KEY (key)) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ${latest}_ended ON ${latest} (timestamp) WHERE ends IS NOT NULL;
  `);
  addColumns(db, latest);
}

/** Columns that tables of earlier versions lack, and their types. */
const LATER_COLUMNS = {
  checksum: "INTEGER",
  trader: "TEXT",
  previous_trader: "TEXT",
} as const;

/**
 * Adds the columns that tables of earlier versions lack; it takes no time, whatever they hold. The
 * version of the schema stays: a program that does not know them reads and writes correctly,
 * so that going back to it is possible at any time.
 */
function addColumns(db: DatabaseSync, table: string): void {
  const columns = new Set(db.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => name));
  for (const [name, type] of Object.entries(LATER_COLUMNS)) {
    if (!columns.has(name)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
  }
}

/** What a file holds, read without changing it. */
export interface FileIdentity {
  /** Whether it holds nothing yet. */
  readonly empty: boolean;
  /** The version of its tables; 0 when empty. */
  readonly version: number;
}

/**
 * Whether a file is a store of this program.
 *
 * @throws {StoreError} `foreign` for the database of another program, `newer` for a later version.
 */
export function identify(db: DatabaseSync, path: string): FileIdentity {
  const id = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const objects = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()!["count"];
  if (id === 0 && version === 0 && objects === 0) return { empty: true, version: 0 };
  if (id !== APPLICATION_ID) {
    const detail = "it is a database of another program";
    throw new StoreError("foreign", describe("foreign", path, detail));
  }
  if (version > SCHEMA_VERSION) {
    const detail = `schema ${version}, this version knows ${SCHEMA_VERSION}`;
    throw new StoreError("newer", describe("newer", path, detail));
  }
  return { empty: false, version };
}

/** Brings the tables to the present version; the caller has a transaction open. */
export function migrate(
  db: DatabaseSync,
  version: number,
  channels: readonly ChannelTables[],
  migrations: readonly Migration[] = MIGRATIONS,
): void {
  for (const step of migrations.slice(version)) step(db, channels);
  for (const channel of channels) createChannelTables(db, channel);
  createAuditTable(db);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${migrations.length}`);
}

function pragma(db: DatabaseSync, name: "application_id" | "user_version"): number {
  return db.prepare(`PRAGMA ${name}`).get()![name] as number;
}
