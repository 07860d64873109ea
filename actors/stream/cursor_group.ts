/**
 * The cursors of a channel that are served together: at once, or at ticks of one interval.
 *
 * @module
 */
import type { Cursor } from "./cursor.ts";

/**
 * How long a client that has sent something is served before others, in ms: the default heartbeat
 * timeout, in which a client that sends heartbeats sends the next one.
 */
export const PREFERENCE_MILLIS = 45_000;

/** Cursors with the same interval, and how far a pass over them has come. */
export class CursorGroup {
  /** Time between two batches, in ms; 0 serves at once. */
  readonly intervalMillis: number;
  /** The cursors in the order in which they are served. */
  readonly cursors: Cursor[] = [];
  /** Index of the next cursor to serve. */
  position = 0;
  /** Whether there is anything to do now. */
  due = false;
  /** Whether to start over at the end, as an event or a removal came in between. */
  again = false;
  /** Whether something waits for the next tick. */
  waiting = false;
  /** The next tick, monotonic ms: what comes after it is sent at once. */
  nextTickAt = -Infinity;

  readonly #restarts: boolean;
  /** How many at the front belong to clients that have spoken since {@link CursorGroup.#since}. */
  #preferred = 0;
  /** When the preference began, monotonic ms. */
  #since = -Infinity;

  /**
   * Starts without cursors.
   *
   * @param restarts Whether an event that comes in the middle of a pass begins it anew, so that who
   *   was served already is served again before the others: in a burst that takes longer to send than
   *   to come, the first are kept up to date instead of everybody being late. What is sent in all is
   *   the same; the others follow as soon as there is time.
   */
  constructor(intervalMillis: number, restarts = false) {
    this.intervalMillis = intervalMillis;
    this.#restarts = restarts;
  }

  /** Adds a cursor. */
  attach(cursor: Cursor): void {
    cursor.group = this;
    cursor.slot = this.cursors.push(cursor) - 1;
  }

  /**
   * Serves a cursor before those whose clients have sent nothing lately: a client that sends is not
   * stalled, and the platform offers no other sign of that. It matters only where passes restart.
   *
   * @param now Monotonic time in ms.
   */
  prefer(cursor: Cursor, now: number): void {
    if (!this.#restarts || cursor.group !== this) return;
    if (now - this.#since >= PREFERENCE_MILLIS) {
      this.#since = now;
      this.#preferred = 0;
    }
    if (cursor.slot < this.#preferred) return;
    this.#swap(cursor.slot, this.#preferred);
    this.#preferred += 1;
    if (this.due) this.again = true; // A pass under way might have stepped over one of the two.
  }

  /** Removes a cursor; the last one takes its slot. */
  detach(cursor: Cursor): void {
    if (cursor.group !== this) return;
    if (cursor.slot < this.#preferred) {
      this.#preferred -= 1;
      this.#swap(cursor.slot, this.#preferred);
    }
    const last = this.cursors.pop()!;
    if (last !== cursor) {
      this.cursors[cursor.slot] = last;
      last.slot = cursor.slot;
    }
    cursor.group = undefined;
    cursor.slot = -1;
    // The last cursor moved into the freed slot: a pass under way might have stepped over it.
    if (this.due) this.again = true;
  }

  /** There is something to send now. */
  markDue(): void {
    if (this.#restarts) this.position = 0;
    else if (this.position > 0) this.again = true;
    this.due = true;
    this.waiting = false;
  }

  /**
   * There is a new event. The first one after quiet is due at once; the others wait for the tick.
   *
   * @param now Monotonic time in ms.
   */
  notify(now: number): void {
    if (this.intervalMillis === 0 || now >= this.nextTickAt) this.flush(now);
    else this.waiting = true;
  }

  /**
   * Sends now and waits for the next tick afterwards. Ticks are multiples of the interval on the
   * process's clock, so that all groups tick together and equal cursors stay equal.
   */
  flush(now: number): void {
    if (this.intervalMillis > 0) {
      this.nextTickAt = (Math.floor(now / this.intervalMillis) + 1) * this.intervalMillis;
    }
    this.markDue();
  }

  #swap(one: number, other: number): void {
    const first = this.cursors[one]!;
    const second = this.cursors[other]!;
    this.cursors[one] = second;
    this.cursors[other] = first;
    second.slot = one;
    first.slot = other;
  }
}
