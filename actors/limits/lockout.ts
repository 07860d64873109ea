/**
 * Slows down those who try credentials: the answer to a wrong one is held back, the longer the more
 * often its address was wrong lately. Credentials are checked first, so a valid one never waits.
 *
 * @module
 */
import { addressGroup } from "../observability/address_group.ts";
import type { Clock, Logger } from "../ports.ts";
import { FailureLevels } from "./failure_levels.ts";

/** Failures of an address that are answered at once: people mistype, and old tabs reconnect. */
export const FREE_FAILURES = 10;

/** The time in which one failure is forgotten, in ms. */
export const FORGET_MILLIS = 10_000;

/** Most failures that are remembered of an address: all are forgotten within five minutes. */
export const MAX_FAILURES = 30;

/** How long the first answer is held, in ms; each further one twice as long. */
export const FIRST_HOLD_MILLIS = 100;

/** The longest time for which an answer is held, in ms. */
export const MAX_HOLD_MILLIS = 1_000;

/** Most answers that are held at a time, of all addresses; each keeps a socket. */
export const MAX_HELD = 200;

/** Most lines about addresses in {@link LINES_MILLIS}. */
export const MAX_LINES = 10;

/** The time for which lines are counted, in ms. */
export const LINES_MILLIS = 60_000;

/** How answers to wrong credentials went out. */
export type FailureAnswer = "at_once" | "held" | "unheld";

/** What is known of wrong credentials. */
export interface LockoutStats {
  /** Answers since the start; `unheld` would have been held, but too many were. */
  readonly answers: Readonly<Record<FailureAnswer, number>>;
  /** Answers that are held now. */
  readonly held: number;
}

/** Counts wrong credentials by address, IPv6 by its /64, and holds the answers. */
export class Lockout {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #failures: FailureLevels;
  readonly #answers: Record<FailureAnswer, number> = { at_once: 0, held: 0, unheld: 0 };
  #held = 0;
  #lines = 0;
  #unwritten = 0;
  #linesSince = -Infinity;
  #fullLoggedAt = -Infinity;

  /** Starts without failures. */
  constructor(
    clock: Clock,
    log: Logger,
    failures = new FailureLevels(FORGET_MILLIS, MAX_FAILURES),
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#failures = failures;
  }

  /** What happened since the start. */
  get stats(): LockoutStats {
    return { answers: { ...this.#answers }, held: this.#held };
  }

  /**
   * Notes that a credential from an address was wrong.
   *
   * @returns What to wait for before the answer goes out; `unheld` when it should have been held, and
   *   goes out at once because {@link MAX_HELD} others are.
   */
  fail(address: string): Exclude<FailureAnswer, "held"> | Promise<void> {
    const subject = addressGroup(address);
    const now = this.#clock.now();
    const level = this.#failures.raise(subject, now);
    if (level <= FREE_FAILURES) return this.#count("at_once");
    // The level was one lower before.
    if (level <= FREE_FAILURES + 1) this.#write(subject, now);
    if (this.#held >= MAX_HELD) {
      this.#writeFull(now);
      return this.#count("unheld");
    }
    this.#count("held");
    this.#held += 1;
    const doublings = Math.ceil(level) - FREE_FAILURES - 1;
    const millis = Math.min(MAX_HOLD_MILLIS, FIRST_HOLD_MILLIS * 2 ** doublings);
    return new Promise((resolve) =>
      this.#clock.setTimeout(() => {
        this.#held -= 1;
        resolve();
      }, millis)
    );
  }

  #count<Answer extends FailureAnswer>(answer: Answer): Answer {
    this.#answers[answer] += 1;
    return answer;
  }

  #write(address: string, now: number): void {
    if (now - this.#linesSince >= LINES_MILLIS) {
      this.#linesSince = now;
      this.#lines = 0;
    }
    if (this.#lines >= MAX_LINES) {
      this.#unwritten += 1;
      return;
    }
    this.#lines += 1;
    const more = this.#unwritten > 0 ? { unwritten: this.#unwritten } : {};
    this.#unwritten = 0;
    const message = "repeated wrong credentials from this address; its refusals are delayed";
    this.#log.warn(message, { address, maxHoldMillis: MAX_HOLD_MILLIS, ...more });
  }

  #writeFull(now: number): void {
    if (now - this.#fullLoggedAt < LINES_MILLIS) return;
    this.#fullLoggedAt = now;
    const message = "too many refusals are delayed at once; further ones are sent without delay";
    this.#log.warn(message, { held: this.#held });
  }
}
