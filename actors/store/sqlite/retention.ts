/**
 * Forgets what is over the limits, one small step at a time.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Channel } from "../../../protocol/channels.ts";
import type { OwnAge } from "../../ports.ts";
import { auditRetention } from "./audit_table.ts";
import { transact } from "./database.ts";
import { type ChannelTables, eventsTable, latestTable } from "./schema.ts";

/** Most rows deleted in one step. */
export const MAX_STEP_ROWS = 500;

/** Rows of the first bite of a step; each further one is twice as large. */
const FIRST_BITE_ROWS = 32;

/** Time after which a step takes no further bite, in ms: the next may take twice as long again. */
const BITE_UNTIL_MILLIS = 1.5;

/** Most events dated in the future that a step skips. */
const MAX_LOOK_ROWS = 10_000;

/** How long a tombstone is kept, in ms: two hours, as the snapshot promises at least one. */
const TOMBSTONE_KEPT_MILLIS = 7_200_000;

/** How much is kept. */
export interface RetentionLimits {
  /** Events of a channel. */
  readonly events: number;
  /** Age of an event in ms. */
  readonly millis: number;
}

/** What one step did. */
export interface RetentionStep {
  /** Rows deleted. */
  readonly removed: number;
  /** The channel whose oldest events were deleted, and the oldest that is kept now. */
  readonly cut?: { readonly channel: Channel; readonly oldest: number };
}

/** What ages are judged by. */
interface RetentionTime {
  /** The time now, epoch ms. */
  readonly epochMillis: number;
  /** The age of the events of this process; by their dates when absent. */
  readonly own?: ReadonlyMap<Channel, OwnAge> | undefined;
}

/** One thing to forget, within the caller's transaction. Deletes at most `rows`. */
type Job = (rows: number, time: RetentionTime) => RetentionStep;

const NOTHING: RetentionStep = { removed: 0 };

/** Takes turns between channels and tables, so that none starves. */
export class Retention {
  readonly #jobs: readonly Job[];
  readonly #db: DatabaseSync;
  readonly #limits: RetentionLimits;
  #next = 0;

  /** Prepares the statements. */
  constructor(db: DatabaseSync, channels: readonly ChannelTables[], limits: RetentionLimits) {
    this.#db = db;
    this.#limits = limits;
    this.#jobs = [
      ...channels.map(({ name }) => this.#eventsJob(name as Channel)),
      ...channels.filter(({ keyed }) => keyed).map(({ name }) => this.#tombstonesJob(name)),
      this.#identitiesJob(),
      this.#auditJob(),
    ];
  }

  /** Does the first job that finds something; `removed` is 0 when none does. */
  step(epochMillis: number, own?: ReadonlyMap<Channel, OwnAge>): RetentionStep {
    const time = { epochMillis, own };
    for (let tried = 0; tried < this.#jobs.length; tried++) {
      const job = this.#jobs[this.#next]!;
      this.#next = (this.#next + 1) % this.#jobs.length;
      const step = transact(this.#db, () => take(job, time));
      if (step.removed > 0) return step;
    }
    return NOTHING;
  }

  #eventsJob(channel: Channel): Job {
    const table = eventsTable(channel);
    const extent = this.#db.prepare(
      `SELECT (SELECT min(seq) FROM ${table}) AS oldest, (SELECT max(seq) FROM ${table}) AS head`,
    );
    const sound = this.#db.prepare(
      `SELECT seq FROM ${table} WHERE seq BETWEEN ? AND ? AND timestamp <= ? ORDER BY seq LIMIT 1`,
    );
    const young = this.#db.prepare(
      `SELECT seq FROM ${table} WHERE seq BETWEEN ? AND ? AND timestamp BETWEEN ? AND ?
         ORDER BY seq LIMIT 1`,
    );
    const old = this.#db.prepare(
      `SELECT seq FROM ${table} WHERE seq BETWEEN ? AND ? AND timestamp < ?
         ORDER BY seq DESC LIMIT 1`,
    );
    /** Up to here everything is dated in the future: it is no younger than what comes behind it. */
    let skipped = 0;
    /** The oldest number to keep, of events up to `last`, by their dates; 0 when all are kept. */
    const oldestByDate = (oldest: number, last: number, rows: number, now: number): number => {
      const since = now - this.#limits.millis;
      const from = Math.max(oldest, skipped);
      const lookUntil = Math.min(last, from + MAX_LOOK_ROWS);
      const start = seqOf(sound.get(from, lookUntil, now));
      skipped = start ?? Math.max(from, lookUntil);
      if (start === undefined) return 0;
      const end = Math.min(last, start + rows);
      const until = seqOf(young.get(start, end, since, now)) ?? end + 1;
      return (seqOf(old.get(start, until - 1, since)) ?? -1) + 1;
    };
    const cut = this.#db.prepare(`DELETE FROM ${table} WHERE seq < ?`);
    return (rows, { epochMillis, own }) => {
      const { oldest, head } = extent.get() as { oldest: number | null; head: number | null };
      if (oldest === null || head === null) return NOTHING;
      const limit = oldest + rows;
      const byCount = head - this.#limits.events + 1;
      const { first, aged, epochMillis: now } = own?.get(channel) ??
        { first: Infinity, aged: 0, epochMillis };
      const dated = oldestByDate(oldest, Math.min(head, first - 1), rows, now);
      const byAge = Math.max(dated, aged + 1);
      // The newest event stays: its number is the head.
      const keepFrom = Math.min(limit, head, Math.max(byCount, byAge));
      if (keepFrom <= oldest) return NOTHING;
      cut.run(keepFrom);
      return { removed: keepFrom - oldest, cut: { channel, oldest: keepFrom } };
    };
  }

  #tombstonesJob(channel: string): Job {
    const table = latestTable(channel);
    const remove = this.#db.prepare(
      `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table}
         WHERE ends IS NOT NULL AND timestamp < ? ORDER BY timestamp LIMIT ?) RETURNING seq`,
    );
    const raise = this.#db.prepare("UPDATE channels SET horizon = max(horizon, ?) WHERE name = ?");
    return (rows, { epochMillis }) => {
      const removed = remove.all(epochMillis - TOMBSTONE_KEPT_MILLIS, rows);
      const horizon = removed.reduce((highest, row) => Math.max(highest, row["seq"] as number), 0);
      if (horizon > 0) raise.run(horizon, channel);
      return { removed: removed.length };
    };
  }

  /** They are appended in the order of their expiry, so that only the oldest need to be checked. */
  #identitiesJob(): Job {
    const remove: StatementSync = this.#db.prepare(
      `DELETE FROM identities WHERE expires_at <= ?
         AND id IN (SELECT id FROM identities ORDER BY id LIMIT ?)`,
    );
    return (rows, { epochMillis }) => ({ removed: Number(remove.run(epochMillis, rows).changes) });
  }

  /** Judged by the earlier of the two times, so that one that runs ahead deletes nothing. */
  #auditJob(): Job {
    const forget = auditRetention(this.#db);
    return (rows, { epochMillis, own }) => {
      const [channel] = own?.values() ?? [];
      const now = Math.min(epochMillis, channel?.epochMillis ?? Infinity);
      return { removed: forget(rows, now) };
    };
  }
}

function seqOf(row: Record<string, unknown> | undefined): number | undefined {
  return row?.["seq"] as number | undefined;
}

/** Bites until the step has its rows or its time: rows differ in size by a factor of a thousand. */
function take(job: Job, time: RetentionTime): RetentionStep {
  const startedAt = performance.now();
  let step = NOTHING;
  for (let rows = FIRST_BITE_ROWS;; rows *= 2) {
    const bite = job(Math.min(rows, MAX_STEP_ROWS - step.removed), time);
    const removed = step.removed + bite.removed;
    step = { ...step, ...bite, removed };
    if (bite.removed < rows || performance.now() - startedAt > BITE_UNTIL_MILLIS) return step;
  }
}
