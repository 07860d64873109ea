/**
 * The latest event per key of one channel, for the store in memory.
 *
 * @module
 */
import type { StoredEvent } from "../ports.ts";

/** How long a tombstone is kept, in ms: two hours, as in the durable store. */
const TOMBSTONE_KEPT_MILLIS = 7_200_000;

/** Latest events in the order of their numbers, tombstones included. */
export class MemoryStates {
  /** A map keeps the order of insertion, and every event is inserted anew. */
  readonly #latest = new Map<string, StoredEvent>();
  /** Tombstones in the order of their numbers; some have been superseded. */
  #ended: StoredEvent[] = [];
  #horizon = 0;

  /** Makes an event the latest of its key. */
  put(event: StoredEvent): void {
    this.#latest.delete(event.key);
    this.#latest.set(event.key, event);
    if (event.ends !== undefined) this.#ended.push(event);
  }

  /** The states without tombstones of `epochMillis` or earlier, and the horizon that this makes. */
  since(epochMillis: number): { readonly latest: StoredEvent[]; readonly horizon: number } {
    const latest: StoredEvent[] = [];
    let horizon = this.#horizon;
    for (const event of this.#latest.values()) {
      if (event.ends === undefined || event.timestamp > epochMillis) latest.push(event);
      else horizon = Math.max(horizon, event.seq);
    }
    return { latest, horizon };
  }

  /** Forgets tombstones that are old enough. */
  retain(epochMillis: number): void {
    const before = epochMillis - TOMBSTONE_KEPT_MILLIS;
    const young = this.#ended.findIndex((event) => event.timestamp >= before);
    const old = this.#ended.splice(0, young < 0 ? this.#ended.length : young);
    for (const event of old) {
      if (this.#latest.get(event.key) !== event) continue;
      this.#latest.delete(event.key);
      this.#horizon = event.seq;
    }
  }
}
