/**
 * A map with a bound, for what may be forgotten.
 *
 * @module
 */

/** The bounds of a {@link BoundedMap}. */
export interface Bounds<Key, Value> {
  /** Most entries; without a bound when absent. */
  readonly maxEntries?: number;
  /** Most that all entries weigh together; without a bound when absent. */
  readonly maxWeight?: number;
  /** What an entry weighs, in bytes or characters; nothing when absent. Always the same for one entry. */
  readonly weigh?: (value: Value, key: Key) => number;
}

/**
 * Keeps the newest entries: beyond its bounds it drops the oldest. Setting a key makes it the newest,
 * and the newest entry stays however much it weighs.
 */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  readonly #weigh: (value: Value, key: Key) => number;
  #weight = 0;

  /** Starts empty. */
  constructor(bounds: Bounds<Key, Value>) {
    const { maxEntries = Infinity, maxWeight = Infinity, weigh = () => 0 } = bounds;
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  /** Entries held. */
  get size(): number {
    return this.#entries.size;
  }

  /** What they weigh together. */
  get weight(): number {
    return this.#weight;
  }

  /** The value of a key. */
  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Whether a key is held. */
  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /**
   * Makes an entry the newest, in place of an earlier one of its key.
   *
   * @returns How many entries were dropped for it.
   */
  set(key: Key, value: Value): number {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value, key);
    let dropped = 0;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) break;
      if (this.#entries.size === 1) break;
      this.delete(oldest);
      dropped += 1;
    }
    return dropped;
  }

  /** Replaces the value of a key that is held; its age stays, and nothing is dropped. */
  replace(key: Key, value: Value): void {
    const before = this.#entries.get(key);
    if (before === undefined) return;
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value, key) - this.#weigh(before, key);
  }

  /** Removes an entry; `false` when there is none. */
  delete(key: Key): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#entries.delete(key);
    this.#weight -= this.#weigh(value, key);
    return true;
  }

  /** Removes every entry. */
  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  /** The values, oldest first. */
  values(): MapIterator<Value> {
    return this.#entries.values();
  }

  /** The entries, oldest first. */
  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }
}
