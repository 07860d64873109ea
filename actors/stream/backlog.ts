/**
 * What left the ring of a lossless channel and was read back from the store, in pages that all
 * readers share.
 *
 * @module
 */
import { BoundedMap } from "../bounded_map.ts";
import type { StoredEvent } from "../ports.ts";
import type { LoggedEvent } from "./channel_log.ts";

/** Events of a page, and most that are read for one connection in a tick. */
export const PAGE_EVENTS = 256;

/** Most characters of `data` that are kept (8 Mi); the newest page stays in any case. */
export const MAX_BACKLOG_LENGTH = 8 * 1024 * 1024;

interface Page {
  readonly events: readonly LoggedEvent[];
  readonly length: number;
}

/** Pages of one channel, the least recently read first. */
export class Backlog {
  readonly #pages = new BoundedMap<number, Page>({
    maxWeight: MAX_BACKLOG_LENGTH,
    weigh: ({ length }) => length,
  });

  /** The event of a number, if its page is here. */
  get(seq: number): LoggedEvent | undefined {
    const events = this.#pages.get(pageOf(seq))?.events;
    return events?.[seq - events[0]!.seq];
  }

  /**
   * Keeps what was read, in place of an earlier reading of the same page.
   *
   * @param stored Consecutive events of one page, at least one.
   */
  put(stored: readonly StoredEvent[], encode: (event: StoredEvent) => LoggedEvent): void {
    const number = pageOf(stored[0]!.seq);
    const length = stored.reduce((sum, { data }) => sum + data.length, 0);
    this.#pages.set(number, { events: stored.map(encode), length });
  }
}

/** The last number of the page that holds a number. */
export function endOfPage(seq: number): number {
  return (pageOf(seq) + 1) * PAGE_EVENTS;
}

function pageOf(seq: number): number {
  return Math.floor((seq - 1) / PAGE_EVENTS);
}
