/**
 * How many bytes of faulty batches a principal has sent lately. Finding the faults costs as much
 * as accepting a batch, and a publisher may retry the same batch for ever.
 *
 * @module
 */
import type { Clock } from "../ports.ts";

/** Bytes of faulty batches within {@link FAULT_WINDOW_MILLIS} beyond which a principal must wait. */
export const MAX_FAULTY_BYTES = 1_048_576;

/** The window in which they are counted, in ms. */
export const FAULT_WINDOW_MILLIS = 1_000;

/** How long nothing of the principal is parsed then, in ms. */
export const FAULT_PAUSE_MILLIS = 1_000;

/**
 * Batches of at most so many bytes are not counted: one kind of event that the gateway does not
 * understand must not stop the others, however often it is sent.
 */
export const UNCOUNTED_BYTES = 4_096;

interface Meter {
  bytes: number;
  windowEndsAt: number;
  pausedUntil: number;
}

/** Meters the faulty batches of every principal, whichever way they come. */
export class FaultyBatches {
  readonly #clock: Clock;
  readonly #meters = new Map<string, Meter>();

  /** Starts with a clean record for everybody. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether batches of a principal are answered without being parsed. */
  isPaused(principal: string): boolean {
    const meter = this.#meters.get(principal);
    return meter !== undefined && meter.pausedUntil > this.#clock.now();
  }

  /**
   * Counts a faulty batch.
   *
   * @returns Whether it was the one too many: the principal is paused from now on.
   */
  add(principal: string, bytes: number): boolean {
    if (bytes <= UNCOUNTED_BYTES) return false;
    const now = this.#clock.now();
    let meter = this.#meters.get(principal);
    if (meter === undefined) {
      meter = { bytes: 0, windowEndsAt: 0, pausedUntil: -Infinity };
      this.#meters.set(principal, meter); // As many as there are keys.
    }
    if (meter.pausedUntil > now) return false;
    if (now >= meter.windowEndsAt) {
      meter.bytes = 0;
      meter.windowEndsAt = now + FAULT_WINDOW_MILLIS;
    }
    meter.bytes += bytes;
    if (meter.bytes <= MAX_FAULTY_BYTES) return false;
    meter.pausedUntil = now + FAULT_PAUSE_MILLIS;
    meter.windowEndsAt = now;
    return true;
  }
}
