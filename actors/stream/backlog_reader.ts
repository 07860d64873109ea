/**
 * Reads pages of lossless channels for the cursors that fell out of the ring, a few at every tick.
 *
 * @module
 */
import type { Store } from "../ports.ts";
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
   * @param resume Serves a cursor whose next event is at hand.
   */
  constructor(store: EventReader, resume: (cursor: Cursor) => void) {
    this.#store = store;
    this.#resume = resume;
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

  #isNeeded({ group, stream, next }: Cursor): boolean {
    return group !== undefined && stream.at(next) === undefined;
  }

  /** @returns Whether the store answered. */
  async #load(cursor: Cursor): Promise<boolean> {
    const { stream, next, subscriber } = cursor;
    const limit = endOfPage(next) - next + 1;
    try {
      const events = await this.#store.read(stream.channel, next - 1, limit);
      if (events === undefined || events.length === 0) subscriber.control.tooSlow();
      else stream.backlog!.put(events, (event) => stream.log.encode(event));
      return true;
    } catch {
      return false;
    }
  }
}
