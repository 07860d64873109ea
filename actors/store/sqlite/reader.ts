/**
 * Reads what a start continues from, and pages of events.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { RestoredChannel, RestoreRequest, StoredEvent, StoredIdentity } from "../../ports.ts";
import { isSound } from "./checksum.ts";
import { StoreError } from "./errors.ts";
import { EVENT_COLUMNS, type Row, toEvent, unescape } from "./rows.ts";
import { type ChannelTables, eventsTable, latestTable } from "./schema.ts";

/** Most identities brought back; as many as a window remembers. */
const MAX_IDENTITIES = 1_000_000;

/** Identities of a page: few, as a page is copied from thread to thread and then garbage. */
const IDENTITIES_PAGE = 10_000;

/** Latest states read at once. */
const STATES_PAGE = 2_000;

/** Characters of `data` after which a page of latest states ends (1 Mi). */
const STATES_PAGE_CHARACTERS = 1024 * 1024;

/** Some latest states. */
export interface StatesPage {
  /** The states. */
  readonly states: readonly StoredEvent[];
  /** What was left out, as no copy was sound. */
  readonly damaged: readonly Damage[];
  /** Where the next page begins; absent after the last. */
  readonly next?: string;
}

/** Some identities, in the order in which they were committed. */
export interface IdentitiesPage {
  /** Those that have not expired. */
  readonly identities: readonly StoredIdentity[];
  /** Where the next page begins; absent after the last. */
  readonly next?: number;
}

/** Where the events of a channel begin and end. */
export interface Extent {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event; 0 when there is none. */
  readonly seq: number;
  /** Number of the oldest event kept; seq + 1 when there is none. */
  readonly oldest: number;
}

/** A stored event that is not what was written. */
export interface Damage {
  /** Its number. */
  readonly seq: number;
  /** What a start lost with it: `state` when it was the latest of its key, as no copy was sound. */
  readonly lost: "event" | "state";
}

/** What a start continues a channel from, without what is damaged. */
export interface SoundChannel extends RestoredChannel {
  /** What was left out. */
  readonly damaged: readonly Damage[];
}

/** Reads. */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #channels: readonly ChannelTables[];
  readonly #pages: ReadonlyMap<string, StatementSync>;

  /** Prepares the statements. */
  constructor(db: DatabaseSync, channels: readonly ChannelTables[]) {
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

  /**
   * At most `limit` events after a number, which must not be below what is kept. Ends before an event
   * that is damaged.
   *
   * @throws {StoreError} `damaged` when that is the first.
   */
  page(channel: Channel, afterSeq: number, limit: number): StoredEvent[] {
    const rows = this.#pages.get(channel)!.all(afterSeq, limit);
    const events: StoredEvent[] = [];
    for (const row of rows) {
      if (isSound(row)) {
        events.push(toEvent(channel, row));
        continue;
      }
      if (events.length > 0) return events;
      throw new StoreError("damaged", `event ${row["seq"]} of ${channel} is damaged in the store`);
    }
    return events;
  }

  /** What a start continues a channel from; the states of keyed channels come in pages of their own. */
  restore(channel: Channel, request: RestoreRequest): SoundChannel {
    const { epoch, seq } = this.extents().get(channel)!;
    const damaged: Damage[] = [];
    const events = this.#newest(channel, request, damaged);
    return { epoch, seq, events, ...this.#latest(channel, request, damaged), damaged };
  }

  /**
   * A page of the latest states of a keyed channel, in the order of their stored keys.
   *
   * @param from Where the page begins; the first one when absent.
   */
  states(channel: Channel, request: RestoreRequest, from = ""): StatesPage {
    const since = request.epochMillis - request.tombstoneMillis;
    const rows = this.#db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM ${latestTable(channel)}
         WHERE key >= ? AND (ends IS NULL OR timestamp > ?) ORDER BY key`,
    ).iterate(from, since);
    const states: StoredEvent[] = [];
    const damaged: Damage[] = [];
    let held = 0;
    for (const row of rows as Iterable<Row>) {
      if (held >= STATES_PAGE_CHARACTERS || states.length === STATES_PAGE) {
        return { states, damaged, next: row["key"] as string };
      }
      const sound = isSound(row) ? row : this.#otherCopy(channel, row, damaged);
      if (sound === undefined) continue;
      const event = toEvent(channel, sound);
      held += event.data.length;
      states.push(event);
    }
    return { states, damaged };
  }

  /**
   * A page of what publishers may still repeat.
   *
   * @param from Where the page begins; the first one when absent.
   */
  identities(epochMillis: number, from?: number): IdentitiesPage {
    // Appended and cut off at the beginning, so that ids have no holes.
    const first = from ?? this.#lastIdentity() - MAX_IDENTITIES + 1;
    const rows = this.#db.prepare(
      `SELECT id, channel, seq, principal, event_id AS eventId, digest, expires_at AS expiresAt
         FROM identities WHERE id >= ? ORDER BY id LIMIT ${IDENTITIES_PAGE}`,
    ).all(first);
    const identities: StoredIdentity[] = [];
    for (const row of rows) {
      const { channel, seq, principal, eventId, digest, expiresAt } =
        row as unknown as StoredIdentity;
      if (expiresAt <= epochMillis) continue;
      const [by, id] = [unescape(principal), unescape(eventId)];
      identities.push({ channel, seq, principal: by, eventId: id, digest, expiresAt });
    }
    const last = rows.length < IDENTITIES_PAGE ? undefined : rows.at(-1)!["id"] as number;
    return { identities, ...(last !== undefined && { next: last + 1 }) };
  }

  #lastIdentity(): number {
    return (this.#db.prepare("SELECT max(id) AS id FROM identities").get()!["id"] ?? 0) as number;
  }

  /** The newest events up to the first that is damaged: they are to be consecutive. */
  #newest(
    channel: Channel,
    { events: limit, characters }: RestoreRequest,
    damaged: Damage[],
  ): StoredEvent[] {
    const sql = `SELECT ${EVENT_COLUMNS} FROM ${eventsTable(channel)} ORDER BY seq DESC LIMIT ?`;
    const isConsecutive = true;
    return this.#descending(channel, sql, { limit, characters, isConsecutive }, damaged);
  }

  /**
   * The latest event of each of the last keys, and of each of the last keys of every trader, without
   * those that are damaged. The indices alone find them, whatever was emitted in between.
   */
  #recent(
    channel: Channel,
    { recentKeys: limit, characters }: RestoreRequest,
    damaged: Damage[],
  ): StoredEvent[] {
    const table = eventsTable(channel);
    // Deno 2.4 takes ?1 for a named parameter and binds nothing to it.
    const sql = `WITH most (keys) AS (VALUES (?))
      SELECT ${EVENT_COLUMNS} FROM ${table} WHERE seq IN
        (SELECT max(seq) FROM ${table} GROUP BY key ORDER BY max(seq) DESC
          LIMIT (SELECT keys FROM most))
      OR seq IN (SELECT seq FROM (
        SELECT max(seq) AS seq, row_number() OVER (PARTITION BY trader ORDER BY max(seq) DESC) AS rank
          FROM ${table} GROUP BY trader, key) WHERE rank <= (SELECT keys FROM most))
      ORDER BY seq DESC`;
    const isConsecutive = false;
    return this.#descending(channel, sql, { limit, characters, isConsecutive }, damaged);
  }

  /** What a query finds, newest first, until it is too much; returned in order. */
  #descending(
    channel: Channel,
    sql: string,
    most: { readonly limit: number; readonly characters: number; readonly isConsecutive: boolean },
    damaged: Damage[],
  ): StoredEvent[] {
    const events: StoredEvent[] = [];
    const rows = this.#db.prepare(sql).iterate(most.limit);
    let held = 0;
    for (const row of rows) {
      if (!isSound(row as Row)) {
        const seq = (row as Row)["seq"] as number;
        // Both queries may come upon it.
        if (!damaged.some((one) => one.seq === seq)) damaged.push({ seq, lost: "event" });
        if (most.isConsecutive) break;
        continue;
      }
      const event = toEvent(channel, row as Row);
      held += event.data.length;
      if (held > most.characters && events.length > 0) break;
      events.push(event);
    }
    return events.reverse();
  }

  #latest(
    channel: Channel,
    request: RestoreRequest,
    damaged: Damage[],
  ): Pick<RestoredChannel, "latest" | "horizon"> {
    const { keyed, indexed } = this.#channels.find(({ name }) => name === channel)!;
    if (!keyed) {
      return { latest: indexed ? this.#recent(channel, request, damaged) : [], horizon: 0 };
    }
    const table = latestTable(channel);
    const since = request.epochMillis - request.tombstoneMillis;
    const { horizon } = this.#db.prepare(
      `SELECT max((SELECT horizon FROM channels WHERE name = ?), coalesce((SELECT max(seq)
         FROM ${table} WHERE ends IS NOT NULL AND timestamp <= ?), 0)) AS horizon`,
    ).get(channel, since) as { horizon: number };
    return { latest: [], horizon };
  }

  /** The event that a damaged state was made from, while it is kept and sound. */
  #otherCopy(channel: Channel, { seq }: Row, damaged: Damage[]): Row | undefined {
    const row = this.#pages.get(channel)!.get(seq as number - 1, 1) as Row | undefined;
    if (row !== undefined && row["seq"] === seq && isSound(row)) return row;
    damaged.push({ seq: seq as number, lost: "state" });
    return undefined;
  }
}
