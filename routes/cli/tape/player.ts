/**
 * Plays a recorded tape of trades or quotes as market data.
 *
 * @module
 */
import type { Clock } from "../../../actors/ports.ts";
import { type Line, readLines } from "./lines.ts";
import {
  type MarketDataEvent,
  MAX_BATCH,
  type PublishEvents,
} from "../../../actors/sources/publish.ts";
import { MAX_SPEED } from "./speed.ts";
import { ProgressMeter, type TapeProgress } from "./progress.ts";
import { type RowOptions, RowReader, type TapeRow, TapeRowError } from "./rows.ts";
import { wait } from "../../../actors/wait.ts";

/** Time between two progress reports, in ms, also while nothing is due. */
const REPORT_MILLIS = 1_000;

/** What is played, how, and to whom. */
export interface TapeOptions extends RowOptions {
  /** The CSV, UTF-8. It is read as it is needed, and cancelled when playing ends early. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Its size in bytes, when known, for progress. */
  readonly totalBytes?: number;
  /** Takes the events; called again only when it has settled. */
  readonly publish: PublishEvents;
  /** Keeps the schedule. */
  readonly clock: Clock;
  /**
   * How many times faster than recorded, above 0 and up to {@link MAX_SPEED}; 1 by default. `max`,
   * or 0, goes as fast as the publisher accepts.
   */
  readonly speed?: number | "max";
  /** Rows to publish, 1 or more; all by default. */
  readonly limit?: number;
  /** Skips and counts bad rows instead of ending with an error. */
  readonly skipBadRows?: boolean;
  /** Identity of the event of a line, at most 128 characters; events have none by default. */
  readonly eventId?: (line: number) => string;
  /** Called about every {@link REPORT_MILLIS}. */
  readonly onProgress?: (progress: TapeProgress) => void;
  /** Called for each bad row that is skipped. */
  readonly onBadRow?: (error: TapeRowError) => void;
  /** Ends playing between two batches, and while waiting. */
  readonly signal?: AbortSignal;
}

/** How playing ended. */
export interface TapeSummary extends TapeProgress {
  /** The last row was played, or `limit` reached, or the signal aborted. */
  readonly ended: "end" | "limit" | "aborted";
}

interface Due {
  readonly row: TapeRow;
  readonly bytes: number;
  /** Monotonic ms. */
  readonly at: number;
}

/**
 * Plays a tape at its recorded pace. The schedule hangs on the first row, so that delays do not add
 * up; what is due at the same moment, or overdue, goes out together in batches of up to
 * {@link MAX_BATCH}. Rows whose time lies before the first one's are due at once.
 *
 * @throws {TapeRowError} At a bad row, unless they are skipped; what is before it was published.
 * @throws {TapeLayoutError} When the columns are unknown.
 * @throws {RangeError} When an option is out of bounds, or a line too long.
 * @throws What `publish` rejects with, unless the signal aborted.
 */
export async function playTape(options: TapeOptions): Promise<TapeSummary> {
  try {
    return await new TapePlayer(options).play();
  } finally {
    // A no-op after the end; otherwise closes a stream that was never read.
    if (!options.stream.locked) await options.stream.cancel().catch(() => {});
  }
}

class TapePlayer {
  readonly #options: TapeOptions;
  readonly #clock: Clock;
  readonly #reader: RowReader;
  readonly #meter: ProgressMeter;
  readonly #pace: number | undefined;
  readonly #limit: number;
  #batch: Due[] = [];
  #taken = 0;
  #reportAt = 0;

  constructor(options: TapeOptions) {
    const { speed = 1, limit = Infinity } = options;
    if (speed !== "max" && !(speed >= 0 && speed <= MAX_SPEED)) {
      throw new RangeError(`speed: expected a number from 0 to ${MAX_SPEED}, or max`);
    }
    if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) {
      throw new RangeError("limit: expected a whole number of 1 or more");
    }
    this.#options = options;
    this.#clock = options.clock;
    this.#reader = new RowReader(options);
    this.#meter = new ProgressMeter(options.totalBytes);
    this.#pace = speed === "max" || speed === 0 ? undefined : speed;
    this.#limit = limit;
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  async play(): Promise<TapeSummary> {
    let first: { readonly time: number; readonly at: number } | undefined;
    const begin = (time: number) => {
      first = { time, at: this.#clock.now() };
      this.#meter.start(first.at);
      this.#reportAt = first.at + REPORT_MILLIS;
      return first;
    };
    try {
      for await (const line of readLines(this.#options.stream)) {
        if (this.#aborted) break;
        const row = this.#read(line);
        if (row === undefined) continue;
        const { time, at } = first ?? begin(row.time);
        const due = this.#pace === undefined ? 0 : at + (row.time - time) / this.#pace;
        await this.#take({ row, bytes: line.bytes, at: due });
        if (this.#taken >= this.#limit) break;
      }
    } catch (error) {
      // Rows before a bad one are published.
      if (error instanceof TapeRowError) await this.#flush();
      if (!this.#aborted) throw error;
    }
    if (!this.#aborted) await this.#flush();
    const ended = this.#aborted ? "aborted" : this.#taken >= this.#limit ? "limit" : "end";
    if (first === undefined) this.#meter.start(this.#clock.now());
    return { ...this.#meter.report(this.#clock.now()), ended };
  }

  #read(line: Line): TapeRow | undefined {
    try {
      return this.#reader.read(line);
    } catch (error) {
      if (!(error instanceof TapeRowError) || this.#options.skipBadRows !== true) throw error;
      this.#meter.skipped();
      this.#options.onBadRow?.(error);
      return undefined;
    }
  }

  /** Adds a row to the batch once it is due; rows due before it are published by then. */
  async #take(due: Due): Promise<void> {
    if (due.at > this.#clock.now()) {
      await this.#flush();
      await this.#waitUntil(due.at);
      if (this.#aborted) return;
    }
    this.#batch.push(due);
    this.#taken++;
    if (this.#batch.length >= MAX_BATCH) await this.#flush();
  }

  async #waitUntil(at: number): Promise<void> {
    // In a loop, since timers may fire early and progress is due in between.
    while (!this.#aborted) {
      const now = this.#clock.now();
      this.#reportIfDue(now);
      if (now >= at) return;
      await wait(this.#clock, Math.ceil(Math.min(at, this.#reportAt) - now), this.#options.signal);
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#batch = [];
    const lag = this.#pace === undefined ? 0 : Math.max(0, this.#clock.now() - batch[0]!.at);
    try {
      await this.#options.publish(batch.map(({ row }) => this.#event(row)));
    } catch (error) {
      if (this.#aborted) return;
      throw error;
    }
    this.#meter.published(batch.length, last.bytes, lag, last.row.time);
    this.#reportIfDue(this.#clock.now());
  }

  #reportIfDue(now: number): void {
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_MILLIS;
    this.#options.onProgress?.(this.#meter.report(now));
  }

  #event(row: TapeRow): MarketDataEvent {
    const { symbol, price, source, line, time } = row;
    // Whole milliseconds, rounded down: the fraction only matters to the schedule.
    const updatedAt = new Date(Math.floor(time)).toISOString();
    const data = { symbol, price, source, isSnapshot: false, updatedAt };
    const eventId = this.#options.eventId?.(line);
    return eventId === undefined
      ? { channel: "market-data", data }
      : { channel: "market-data", eventId, data };
  }
}
