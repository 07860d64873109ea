/**
 * A call that is pending at most once.
 *
 * @module
 */
import type { Clock } from "./ports.ts";

/** Calls a function once for any number of requests that come before the call. */
export class CoalescedCall {
  readonly #clock: Clock;
  readonly #call: (dueAt: number) => void;
  #dueAt = Infinity;
  #timer: unknown;

  /**
   * Starts with nothing pending.
   *
   * @param call Receives when it was due, monotonic ms; `-Infinity` at the end of a turn.
   */
  constructor(clock: Clock, call: (dueAt: number) => void) {
    this.#clock = clock;
    this.#call = call;
  }

  /** Requests the call at the end of this turn of the event loop. */
  atTurnEnd(): void {
    if (this.#dueAt === -Infinity) return;
    this.#clearTimer();
    this.#dueAt = -Infinity;
    this.#clock.defer(this.#run);
  }

  /**
   * Requests the call at a time; one that is pending for then or earlier is enough.
   *
   * @param dueAt Monotonic ms.
   * @param now Monotonic ms.
   */
  at(dueAt: number, now: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#clearTimer();
    this.#dueAt = dueAt;
    this.#timer = this.#clock.setTimeout(this.#run, Math.max(0, dueAt - now));
  }

  #clearTimer(): void {
    if (this.#dueAt !== Infinity) this.#clock.clearTimeout(this.#timer);
  }

  readonly #run = (): void => {
    const dueAt = this.#dueAt;
    this.#dueAt = Infinity;
    this.#call(dueAt);
  };
}
