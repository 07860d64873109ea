/**
 * Runs long computations in short slices that take turns, so that none blocks the event loop and a
 * short one does not wait until a long one has finished.
 *
 * @module
 */
import type { Clock } from "../ports.ts";

/** Longest time that computations take of one turn of the event loop, in ms. */
export const SLICE_MILLIS = 4;

/** A computation: a generator that yields where it can pause. It should not throw. */
export type Work = Generator<void, void>;

/**
 * Runs computations: those of one source in their order, the sources of an owner in turn, and owners
 * in turn. One that fits into what is left of the turn runs at once, within {@link TimeSlices.add}.
 */
export class TimeSlices {
  readonly #clock: Clock;
  readonly #hasRoom: () => boolean;
  /** Owners that wait and their sources, the next one first; nothing in it is empty. */
  readonly #queues = new Map<string, Map<string, Work[]>>();
  #running = false;
  #spentMillis = 0;
  #isTurnOver = true;

  /**
   * Starts with nothing to do.
   *
   * @param hasRoom Whether another computation may be begun, as far as what becomes of it is concerned.
   *   When that has changed, {@link TimeSlices.resume} must be called.
   */
  constructor(clock: Clock, hasRoom: () => boolean) {
    this.#clock = clock;
    this.#hasRoom = hasRoom;
  }

  /** Adds a computation behind those of its source. */
  add(owner: string, source: string, work: Work): void {
    let sources = this.#queues.get(owner);
    if (sources === undefined) this.#queues.set(owner, sources = new Map());
    const queue = sources.get(source);
    if (queue === undefined) sources.set(source, [work]);
    else queue.push(work);
    this.resume();
  }

  /** Goes on, if there is anything to do and time for it. */
  resume(): void {
    if (this.#running || this.#queues.size === 0) return;
    if (this.#spentMillis >= SLICE_MILLIS) return; // The next turn goes on.
    const startedAt = this.#clock.now();
    const deadline = startedAt + SLICE_MILLIS - this.#spentMillis;
    let endedAt = startedAt;
    this.#running = true;
    try {
      while (this.#queues.size > 0 && endedAt < deadline && this.#hasRoom()) {
        this.#runNext(deadline);
        endedAt = this.#clock.now();
      }
    } finally {
      this.#running = false;
    }
    this.#spentMillis += endedAt - startedAt;
    if (this.#spentMillis > 0 && this.#isTurnOver) {
      this.#isTurnOver = false;
      this.#clock.defer(() => this.#beginTurn());
    }
  }

  #beginTurn(): void {
    this.#isTurnOver = true;
    this.#spentMillis = 0;
    this.resume();
  }

  /** Runs the computation that is next until it ends or the time is over. */
  #runNext(deadline: number): void {
    const [owner, sources] = this.#queues.entries().next().value!;
    const [source, queue] = sources.entries().next().value!;
    const [work] = queue;
    let done = false;
    try {
      do done = work!.next().done === true; while (!done && this.#clock.now() < deadline);
    } catch (error) {
      done = true;
      throw error;
    } finally {
      if (done) queue.shift();
      moveBehind(sources, source, queue, queue.length > 0);
      moveBehind(this.#queues, owner, sources, sources.size > 0);
    }
  }
}

function moveBehind<T>(map: Map<string, T>, key: string, value: T, remains: boolean): void {
  map.delete(key);
  if (remains) map.set(key, value);
}
