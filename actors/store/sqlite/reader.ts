/**
 * Reads what a start continues from, and pages of events.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type {
  RestoredChannel,
  RestoredStore,
  RestoreRequest,
  StoredEvent,
  StoredIdentity,
} from "../../ports.ts";
import { EVENT_COLUMNS, toEvent, unescape } from "./rows.ts";
import { type ChannelSpec, eventsTable, latestTable } from "./schema.ts";

/** Most identities brought back; as many as a window remembers. */
const MAX_IDENTITIES = 1_000_000;

/** Where the events of a channel begin and end. */
export interface Extent {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event; 0 when there is none. */
  readonly seq: number;
  /** Number of the oldest event kept; seq + 1 when there is none. */
  readonly oldest: number;
}

/** Reads. */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #channels: readonly ChannelSpec[];
  readonly #pages: ReadonlyMap<string, StatementSync>;

  /** Prepares the statements. */
  constructor(db: DatabaseSync, channels: readonly ChannelSpec[]) {
    this.#db = db;
    this.#channels = channels;
    this.#pages = new Map(channels.map(({ name }) => [
      name,
      db.prepare(
        `SELECT ${EVENT_COLUMNS} FROM ${eventsTable(name)} WHERE seq > ? ORDER BY seq LIMIT ?`,
      ),
    ]));
  }

  /** Where every channel begins and ends. */
  extents(): Map<Channel, Extent> {
    const epoch = this.#db.prepare("SELECT epoch FROM channels WHERE name = ?");
    return new Map(this.#channels.map(({ name }) => {
      const table = eventsTable(name);
      // Two subqueries, as SQLite looks up a lone min or max and scans for both.
      const row = this.#db.prepare(
        `SELECT (SELECT max(seq) FROM ${table}) AS head, (SELECT min(seq) FROM ${table}) AS oldest`,
      ).get()!;
      const seq = (row["head"] ?? 0) as number;
      const oldest = (row["oldest"] ?? 1) as number;
      return [name as Channel, { epoch: epoch.get(name)!["epoch"] as string, seq, oldest }];
    }));
  }

  /** At most `limit` events after a number, which must not be below what is kept. */
  page(channel: Channel, afterSeq: number, limit: number): StoredEvent[] {
    const rows = this.#pages.get(channel)!.all(afterSeq, limit);
    return rows.map((row) => toEvent(channel, row));
  }

  /** Everything that a start continues from. */
  restore(request: RestoreRequest): RestoredStore {
    const channels = new Map<Channel, RestoredChannel>();
    for (const [channel, { epoch, seq }] of this.extents()) {
      const events = this.#newest(channel, request);
      channels.set(channel, { epoch, seq, events, ...this.#latest(channel, request) });
    }
    return { channels, identities: this.#identities(request.epochMillis) };
  }

  #newest(channel: Channel, { events: limit, characters }: RestoreRequest): StoredEvent[] {
    const events: StoredEvent[] = [];
    const rows = this.#db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM ${eventsTable(channel)} ORDER BY seq DESC LIMIT ?`,
    ).iterate(limit);
    let held = 0;
    for (const row of rows) {
      const event = toEvent(channel, row as Record<string, unknown>);
      held += event.data.length;
      if (held > characters && events.length > 0) break;
      events.push(event);
    }
    return events.reverse();
  }

  #latest(
    channel: Channel,
    { epochMillis, tombstoneMillis }: RestoreRequest,
  ): Pick<RestoredChannel, "latest" | "horizon"> {
    if (!this.#channels.find(({ name }) => name === channel)!.keyed) {
      return { latest: [], horizon: 0 };
    }
    const table = latestTable(channel);
    const since = epochMillis - tombstoneMillis;
    const rows = this.#db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM ${table} WHERE ends IS NULL OR timestamp > ? ORDER BY seq`,
    ).all(since);
    const { horizon } = this.#db.prepare(
      `SELECT max((SELECT horizon FROM channels WHERE name = ?), coalesce((SELECT max(seq)
         FROM ${table} WHERE ends IS NOT NULL AND timestamp <= ?), 0)) AS horizon`,
    ).get(channel, since) as { horizon: number };
    return { latest: rows.map((row) => toEvent(channel, row)), horizon };
  }

  #identities(epochMillis: number): StoredIdentity[] {
    const rows = this.#db.prepare(
      `SELECT channel, seq, principal, event_id AS eventId, digest, expires_at AS expiresAt
         FROM identities WHERE expires_at > ? ORDER BY id DESC LIMIT ${MAX_IDENTITIES}`,
    ).all(epochMillis);
    return rows.reverse().map((row) => {
      const identity = { ...row } as unknown as StoredIdentity;
      const { principal, eventId } = identity;
      return { ...identity, principal: unescape(principal), eventId: unescape(eventId) };
    });
  }
}
