/**
 * The latest state per key of a conflated lane, ordered by number.
 *
 * It serves two readers. A replay wants the live states, oldest first. A connection that is
 * conflated wants the fold of everything after its cursor, which is the tail of the same order:
 * each entry whose number is above the cursor is the latest of its key, and every number in between
 * was superseded by a later entry. So a conflated cursor stays one number.
 *
 * Ended keys (closed positions, removed keys) stay as tombstones, so that a cursor behind their end
 * still learns of it.
 *
 * @module
 */
import { shareAttributes } from "../../protocol/events/attributes.ts";
import type { LoggedEvent } from "./channel_log.ts";

/** Most live keys in one channel. */
export const MAX_KEYS = 50_000;

/**
 * Most bytes of `data` in the live states of one channel (64 MiB). A publication that would take more
 * is refused, so that a live state is never dropped.
 */
export const MAX_STATE_BYTES = 64 * 1024 * 1024;

/** Most bytes of `data` in tombstones (16 MiB); beyond it the oldest goes before its time. */
export const MAX_TOMBSTONE_BYTES = 16 * 1024 * 1024;

/** Most tombstones kept; beyond it the oldest goes before its time. */
export const MAX_TOMBSTONES = 50_000;

/** How long a tombstone is kept, in ms: one hour. */
export const TOMBSTONE_MILLIS = 3_600_000;

/** A key with its latest event, linked in the order of numbers. */
export interface LatestState {
  /** The latest event of the key. */
  readonly event: LoggedEvent;
  /** The state with the next higher number. */
  readonly next: LatestState | undefined;
}

interface Node {
  event: LoggedEvent;
  previous: Node | undefined;
  next: Node | undefined;
}

/** Latest states by key in the order of their numbers. */
export class LatestStates {
  readonly #nodes = new Map<string, Node>();
  /** When each ended key is evicted, monotonic ms, in the order of their ends. */
  readonly #tombstones = new Map<string, number>();
  #last: Node | undefined;
  #live = 0;
  #bytes = 0;
  #tombstoneBytes = 0;
  #horizon = 0;

  /** Keys that have not ended. */
  get size(): number {
    return this.#live;
  }

  /** Bytes of `data` in live states. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of `data` in tombstones. */
  get tombstoneBytes(): number {
    return this.#tombstoneBytes;
  }

  /** Bytes of `data` of a live key; 0 when it is not live. */
  bytesOf(key: string): number {
    const event = this.#nodes.get(key)?.event;
    return event === undefined || event.stored.ends !== undefined ? 0 : event.dataBytes;
  }

  /** The highest number whose tombstone was evicted: below it, ended keys may be unknown. */
  get horizon(): number {
    return this.#horizon;
  }

  /** The latest event of a key, its end included as long as that is kept. */
  get(key: string): LoggedEvent | undefined {
    return this.#nodes.get(key)?.event;
  }

  /** Whether a key is live. */
  has(key: string): boolean {
    const node = this.#nodes.get(key);
    return node !== undefined && node.event.stored.ends === undefined;
  }

  /**
   * Makes an event the latest of its key.
   *
   * @param event Its number is above every earlier one.
   * @param now Monotonic time in ms, for the age of tombstones.
   */
  put(event: LoggedEvent, now: number): void {
    const { key, ends } = event.stored;
    let node = this.#nodes.get(key);
    if (node !== undefined) this.#count(node.event, -1);
    this.#count(event, 1);
    if (node === undefined) {
      node = { event, previous: undefined, next: undefined };
      this.#nodes.set(key, node);
    } else {
      this.#unlink(node);
      event.attributes = shareAttributes(node.event.attributes, event.attributes);
      node.event = event;
    }
    this.#linkLast(node);
    this.#tombstones.delete(key);
    if (ends !== undefined) this.#tombstones.set(key, now + TOMBSTONE_MILLIS);
    this.#evictTombstones(now);
  }

  /** Ended keys up to a number may be unknown: an earlier process has evicted their tombstones. */
  raiseHorizon(seq: number): void {
    this.#horizon = Math.max(this.#horizon, seq);
  }

  /** The state with the lowest number above `seq`: the next one that a conflated cursor sends. */
  after(seq: number): LatestState | undefined {
    let found: Node | undefined;
    for (let node = this.#last; node !== undefined && node.event.seq > seq; node = node.previous) {
      found = node;
    }
    return found;
  }

  /**
   * The newest live states, oldest first.
   *
   * @param limit Most states returned.
   * @param upTo Highest number included.
   */
  newest(limit: number, upTo: number): LoggedEvent[] {
    const events: LoggedEvent[] = [];
    for (
      let node = this.#last;
      node !== undefined && events.length < limit;
      node = node.previous
    ) {
      if (node.event.seq <= upTo && node.event.stored.ends === undefined) events.push(node.event);
    }
    return events.reverse();
  }

  #count({ stored, dataBytes }: LoggedEvent, sign: 1 | -1): void {
    if (stored.ends === undefined) {
      this.#live += sign;
      this.#bytes += sign * dataBytes;
    } else {
      this.#tombstoneBytes += sign * dataBytes;
    }
  }

  #evictTombstones(now: number): void {
    for (const [key, evictAt] of this.#tombstones) {
      const full = this.#tombstones.size > MAX_TOMBSTONES ||
        this.#tombstoneBytes > MAX_TOMBSTONE_BYTES;
      if (evictAt > now && !full) break;
      const node = this.#nodes.get(key)!;
      this.#count(node.event, -1);
      this.#tombstones.delete(key);
      this.#nodes.delete(key);
      this.#unlink(node);
      this.#horizon = Math.max(this.#horizon, node.event.seq);
    }
  }

  #linkLast(node: Node): void {
    node.previous = this.#last;
    node.next = undefined;
    if (this.#last !== undefined) this.#last.next = node;
    this.#last = node;
  }

  #unlink(node: Node): void {
    if (node.previous !== undefined) node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
  }
}
