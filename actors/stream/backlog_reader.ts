/**
 * Reads pages of lossless channels for the cursors that fell out of the ring, a few at every tick.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import { isDamage, type Store } from "../ports.ts";
import { endOfPage, PAGE_EVENTS } from "./backlog.ts";
import type { Cursor } from "./cursor.ts";

/** Most rows that are read in a tick, for all connections. */
export const MAX_ROWS_PER_TICK = 2_000;

/** The half of a store that is read. */
export type EventReader = Pick<Store, "read" | "oldest">;

/** Cursors that wait for the store. */
export class BacklogReader {
  readonly #store: EventReader;
  readonly #resume: (cursor: Cursor) => void;
  /** In the order of their arrival. */
  readonly #waiting = new Set<Cursor>();
  #reading = false;

  /**
   * Starts with nobody waiting.
   *
   * @param resume Sees that a cursor is served whose next event is at hand.
   */
  constructor(store: EventReader, resume: (cursor: Cursor) => void) {
    this.#store = store;
    this.#resume = resume;
  }

  /** Whether anybody waits. */
  get isWaitedFor(): boolean {
    return this.#waiting.size > 0;
  }

  /** Lets a cursor wait for the page of its next event. */
  wait(cursor: Cursor): void {
    this.#waiting.add(cursor);
  }

  /** Reads for those who wait longest; does nothing while an earlier tick is still at it. */
  tick(): void {
    if (this.#reading || this.#waiting.size === 0) return;
    this.#reading = true;
    this.#read().finally(() => this.#reading = false);
  }

  /** Never rejects: a store that cannot be read now is asked again at the next tick. */
  async #read(): Promise<void> {
    let rows = 0;
    for (const cursor of [...this.#waiting]) {
      if (this.#isNeeded(cursor)) {
        if (rows + PAGE_EVENTS > MAX_ROWS_PER_TICK) return;
        rows += PAGE_EVENTS;
        if (!await this.#load(cursor)) return;
      }
      this.#waiting.delete(cursor);
      if (cursor.group !== undefined) this.#resume(cursor);
    }
  }

  /** Whether it still waits for its next event; it may have left, or begun anew with a snapshot. */
  #isNeeded({ group, stream, next }: Cursor): boolean {
    return group !== undefined && next <= stream.log.head && stream.at(next) === undefined;
  }

  /** @returns Whether the store answered. */
  async #load(cursor: Cursor): Promise<boolean> {
    const { stream, next, subscriber } = cursor;
    const { log } = stream;
    const limit = endOfPage(next) - next + 1;
    const events = await this.#ask(stream.channel, next - 1, limit);
    if (events === "unavailable") return false;
    if (stream.log !== log) return true; // They may be of an epoch that is over.
    if (events !== undefined && events.length > 0) {
      stream.backlog!.put(events, (event) => log.beyond(event));
    } else if (cursor.next === next && this.#isNeeded(cursor)) {
      subscriber.control.tooSlow();
    }
    return true;
  }

  async #ask(channel: Channel, afterSeq: number, limit: number) {
    try {
      return await this.#store.read(channel, afterSeq, limit);
    } catch (error) {
      // Asking again does not repair a damaged event: to its reader it is gone.
      return isDamage(error) ? undefined : "unavailable";
    }
  }
}
