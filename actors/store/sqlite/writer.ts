/**
 * Commits: events, the latest states they make, and identities, in one transaction.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { StoredEvent, StoredIdentity } from "../../ports.ts";
import { rollback } from "./database.ts";
import { escape, EVENT_COLUMNS, EVENT_VALUES, toRow } from "./rows.ts";
import { type ChannelTables, eventsTable, latestTable } from "./schema.ts";

/** The prepared statements of a channel. */
interface ChannelStatements {
  readonly event: StatementSync;
  readonly latest: StatementSync | undefined;
}

/** Writes batches. */
export class Writer {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #identity: StatementSync;
  readonly #channels: ReadonlyMap<string, ChannelStatements>;

  /** Prepares the statements. */
  constructor(db: DatabaseSync, channels: readonly ChannelTables[]) {
    this.#db = db;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#identity = db.prepare(
      "INSERT INTO identities (channel, seq, principal, event_id, digest, expires_at) " +
        "VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#channels = new Map(channels.map(({ name, keyed }) => {
      const event = insertInto(db, "INSERT", eventsTable(name));
      const latest = keyed ? insertInto(db, "INSERT OR REPLACE", latestTable(name)) : undefined;
      return [name, { event, latest }];
    }));
  }

  /**
   * Keeps a batch whole.
   *
   * @throws What SQLite throws; nothing of the batch is kept then.
   */
  commit(batch: readonly StoredEvent[], identities: readonly StoredIdentity[]): void {
    this.#begin.run();
    try {
      for (const event of batch) this.#of(event.channel).event.run(...toRow(event));
      for (const event of lastStates(batch)) this.#of(event.channel).latest?.run(...toRow(event));
      for (const identity of identities) this.#keepIdentity(identity);
      this.#commit.run();
    } catch (error) {
      rollback(this.#db);
      throw error;
    }
  }

  #keepIdentity({ channel, seq, principal, eventId, digest, expiresAt }: StoredIdentity): void {
    const id = escape(eventId);
    this.#identity.run(channel, seq, escape(principal), id, digest, Math.ceil(expiresAt));
  }

  #of(channel: Channel): ChannelStatements {
    return this.#channels.get(channel)!;
  }
}

function insertInto(db: DatabaseSync, verb: string, table: string): StatementSync {
  return db.prepare(`${verb} INTO ${table} (${EVENT_COLUMNS}) VALUES (${EVENT_VALUES})`);
}

/** The last event of each key: what a batch overwrites within itself is not written at all. */
function lastStates(batch: readonly StoredEvent[]): Iterable<StoredEvent> {
  if (batch.length === 1) return batch;
  const last = new Map<string, StoredEvent>();
  for (const event of batch) last.set(`${event.channel}\0${event.key}`, event);
  return last.values();
}
