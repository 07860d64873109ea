/**
 * The queue of a publisher, cut into batches that the gateway takes.
 *
 * @module
 */
import { type OutboxEntry, sizeOf } from "./outbox.ts";
import type { Channel, PublishedData } from "./wire_types.ts";

/** An event to publish, or the removal of a state. */
export type PublishEvent<C extends Channel> =
  | { readonly channel: C; readonly data: PublishedData[C]; readonly eventId?: string }
  | { readonly channel: C; readonly id: string; readonly removed: true; readonly eventId?: string };

/** Bytes of a batch that are not events: `{"id":…,"action":"publish","events":[…]}`. */
const ENVELOPE_BYTES = 128;

/** Entries in order, and how many of them may go at once. */
export class Batcher {
  #queue: OutboxEntry[] = [];
  #maxEvents = 1;
  #maxBytes = 65_536;
  /** Fewer than {@link Batcher.limit} allows while a fault is looked for. */
  #window = Infinity;

  /** Entries that wait or are in flight. */
  get size(): number {
    return this.#queue.length;
  }

  /** Takes the gateway's limits. */
  limit(maxEvents: number, maxBytes: number): void {
    this.#maxEvents = Math.max(1, maxEvents);
    this.#maxBytes = maxBytes - ENVELOPE_BYTES;
  }

  /** Adds entries behind what is there. */
  add(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#queue.push(entry);
  }

  /** The first entries that fit in a batch, one at least; they stay in the queue. */
  next(): readonly OutboxEntry[] {
    const most = Math.min(this.#maxEvents, this.#window);
    let bytes = 0;
    let count = 0;
    for (const entry of this.#queue) {
      bytes += sizeOf([entry]) + 1;
      if (count > 0 && (count >= most || bytes > this.#maxBytes)) break;
      count += 1;
    }
    return this.#queue.slice(0, count);
  }

  /** Removes entries of the first batch. */
  remove(entries: readonly OutboxEntry[]): void {
    const gone = new Set(entries);
    let first = 0;
    while (first < this.#queue.length && gone.has(this.#queue[first]!)) first += 1;
    this.#queue.splice(0, first);
    if (first < gone.size) this.#queue = this.#queue.filter((entry) => !gone.has(entry));
    this.#window *= 2; // It grows again after each part that was stored.
  }

  /**
   * Which entries of a batch the gateway does not accept.
   *
   * @param faults The `faults` of its error, which name events by their index.
   * @returns Empty when it cannot be told: the next batch is smaller.
   */
  blame(faults: unknown, entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
    const paths = Array.isArray(faults) ? faults.map(({ path }) => String(path)) : [];
    const named = paths.map((path) => Number(/^events\[(\d+)\]/.exec(path)?.[1] ?? NaN));
    const faulty = [...new Set(named)].flatMap((index) => entries[index] ?? []);
    if (faulty.length > 0 || entries.length === 1) return faulty.length > 0 ? faulty : entries;
    this.#window = Math.floor(entries.length / 2);
    return [];
  }
}
