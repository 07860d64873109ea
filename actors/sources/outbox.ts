/**
 * Events of a source that are not published yet.
 *
 * @module
 */
import { BoundedMap } from "../bounded_map.ts";
import type { SourceEvent } from "./publish.ts";

/** Most keys that wait; beyond it the oldest is given up. */
const MAX_WAITING = 5_000;

/**
 * Keeps the latest event per channel and id, so that a publisher who is slow or failing costs a
 * bounded amount of memory and finds the present state when it is back. A closed position is never
 * superseded, since nothing follows it.
 */
export class Outbox {
  readonly #capacity: number;
  /** By channel and id, in the order of the events that remain. */
  #waiting: BoundedMap<string, SourceEvent>;
  #lost = 0;

  /**
   * An empty outbox.
   *
   * @param capacity Most keys that wait.
   */
  constructor(capacity: number = MAX_WAITING) {
    this.#capacity = capacity;
    this.#waiting = new BoundedMap({ maxEntries: capacity });
  }

  /** Events that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Keys given up for lack of room, since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Adds an event, in place of an older one of its key. */
  add(event: SourceEvent): void {
    this.#lost += this.#waiting.set(keyOf(event), event);
  }

  /** Takes out the oldest events, at most `limit`. */
  take(limit: number): SourceEvent[] {
    const batch: SourceEvent[] = [];
    for (const [key, event] of this.#waiting) {
      if (batch.length >= limit) break;
      batch.push(event);
      this.#waiting.delete(key);
    }
    return batch;
  }

  /** Puts back what could not be published, before what came since and unless superseded by it. */
  putBack(batch: readonly SourceEvent[]): void {
    const since = this.#waiting;
    this.#waiting = new BoundedMap({ maxEntries: this.#capacity });
    for (const event of batch) if (!since.has(keyOf(event))) this.add(event);
    for (const event of since.values()) this.add(event);
  }
}

function keyOf({ channel, data }: SourceEvent): string {
  // Prices come without an id: the symbol stands in for it.
  const id = data.id ?? ("symbol" in data ? data.symbol : undefined);
  return `${channel} ${id}`;
}
