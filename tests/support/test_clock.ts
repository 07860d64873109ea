/**
 * Time that stands still until a test advances it.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../actors/ports.ts";

/** Epoch ms of {@link TestClock} when its `now()` is 0. */
export const TEST_EPOCH: number = Date.parse("2026-01-01T00:00:00.000Z");

/** Callbacks that may run within one advance before it is taken for an endless loop. */
const RUNAWAY = 1_000_000;

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A simulated {@link Clock}. Unlike XState's `SimulatedClock`, which jumps to the end of an
 * increment before it calls anything, it stops at each timer on the way: a callback sees the moment
 * it was due at, and a timer that it sets runs within the same advance when that is due as well.
 * It also fits the `clock` option of XState.
 */
export class TestClock implements Clock {
  #now = 0;
  #stepped = 0;
  #lastId = 0;
  readonly #timers = new Map<number, Timer>();

  /** Timers that are set; 0 says that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Simulated ms since the clock was made. */
  now(): number {
    return this.#now;
  }

  /** {@link TEST_EPOCH} plus {@link TestClock.now}, plus the steps so far. */
  epochMillis(): number {
    return TEST_EPOCH + this.#now + this.#stepped;
  }

  /** Whether a suspend counts in {@link TestClock.now}. */
  seesSuspend = true;

  /** Sets the wall clock by so many ms; nothing else notices. */
  step(ms: number): void {
    this.#stepped += ms;
  }

  /** The machine sleeps: the wall clock goes on, no timer comes nearer. */
  suspend(ms: number): void {
    if (!this.seesSuspend) return this.step(ms);
    this.#now += ms;
    for (const [id, timer] of this.#timers) this.#timers.set(id, { ...timer, due: timer.due + ms });
  }

  /** Calls once when the clock has been advanced by `ms`; negative counts as 0. */
  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(++this.#lastId, { due: this.#now + Math.max(0, ms), callback });
    return this.#lastId;
  }

  /** Cancels what {@link TestClock.setTimeout} returned; anything else is ignored. */
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** Calls once on the next advance, also one of 0 ms. */
  defer(callback: () => void): void {
    this.setTimeout(callback, 0);
  }

  /** Moves time forward and runs what falls due, in order, without leaving the current turn. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let ran = 0; this.#runNext(target); ran++) guard(ran);
    this.#now = target;
  }

  /** Like {@link TestClock.advance}, and lets promises settle before, between and after timers. */
  async advanceAsync(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (let ran = 0; this.#runNext(target); ran++) {
      guard(ran);
      await settle();
    }
    this.#now = target;
    await settle();
  }

  /** Runs the earliest timer due by `target`; timers of the same moment run as they were set. */
  #runNext(target: number): boolean {
    let next: [id: number, timer: Timer] | undefined;
    for (const entry of this.#timers) {
      if (entry[1].due <= target && (next === undefined || entry[1].due < next[1].due)) {
        next = entry;
      }
    }
    if (next === undefined) return false;
    this.#timers.delete(next[0]);
    this.#now = Math.max(this.#now, next[1].due);
    next[1].callback();
    return true;
  }
}

/** Resolves when everything that could run without time passing has run. */
export function settle(): Promise<void> {
  // The check phase comes after all microtasks, however long their chains are.
  return new Promise((resolve) => void setImmediate(resolve));
}

function guard(ran: number): void {
  if (ran >= RUNAWAY) throw new Error("TestClock: timers keep setting timers; is this a loop?");
}
