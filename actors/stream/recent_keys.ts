/**
 * The latest event of each of the last ids of a lossless channel: what its snapshot shows.
 *
 * Cores emit an alert again while its condition lasts. A snapshot of the last events would be filled
 * by one such alert, and a new client would not learn of any other.
 *
 * @module
 */
import { shareAttributes } from "../../protocol/events/attributes.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { LoggedEvent } from "./channel_log.ts";

/**
 * Most bytes of `data` held for a snapshot (32 MiB, as much as a ring): 512 of the largest events.
 * Beyond it the id that was quiet for longest goes; its events stay in the store.
 */
export const MAX_RECENT_BYTES = 32 * 1024 * 1024;

/** The latest event of each key, bounded in keys and in bytes. */
export class RecentKeys {
  readonly #latest: BoundedMap<string, LoggedEvent>;

  /**
   * Starts empty.
   *
   * @param capacity Most keys, at least 1.
   * @param maxBytes Most bytes of `data`; the newest event stays in any case.
   */
  constructor(capacity: number, maxBytes: number = MAX_RECENT_BYTES) {
    this.#latest = new BoundedMap({
      maxEntries: capacity,
      maxWeight: maxBytes,
      weigh: ({ dataBytes }) => dataBytes,
    });
  }

  /** Keys held. */
  get size(): number {
    return this.#latest.size;
  }

  /** Bytes of `data` held. */
  get bytes(): number {
    return this.#latest.weight;
  }

  /** Makes an event the latest of its key; its number is above every earlier one. */
  put(event: LoggedEvent): void {
    const { key } = event.stored;
    event.attributes = shareAttributes(this.#latest.get(key)?.attributes, event.attributes);
    this.#latest.set(key, event);
  }

  /**
   * The latest events, oldest first.
   *
   * @param limit Most events returned.
   * @param upTo Highest number included.
   */
  newest(limit: number, upTo: number): LoggedEvent[] {
    const events = [...this.#latest.values()].filter(({ seq }) => seq <= upTo);
    return limit < events.length ? events.slice(events.length - limit) : events;
  }
}
