/**
 * Which large bodies of a principal are read at a time. The others are not read yet: their clients
 * wait in `write`, which costs neither memory nor time, and no body is begun that could not end.
 *
 * @module
 */
import type { Clock } from "../ports.ts";
import { BODY_BOUNDS, SMALL_SHARE } from "./byte_budget.ts";

/** Most announced bytes of the large bodies of one principal that are under way. */
export const MAX_ADMITTED_BYTES: number = BODY_BOUNDS.perPrincipal - SMALL_SHARE;

/** Most requests of one principal that wait for their turn. */
const MAX_WAITING_BODIES = 4_096;

/**
 * How long a request waits, in ms. Its client may see the connection end instead of the answer, as the
 * body is not read; so it is long enough for a thousand bodies of 100 KB, and shorter than the
 * patience of most clients.
 */
export const MAX_WAIT_MILLIS = 15_000;

interface Waiting {
  readonly bytes: number;
  readonly settle: (isAdmitted: boolean) => void;
}

interface Queue {
  admitted: number;
  readonly waiting: Set<Waiting>;
}

/** A queue for each principal, first come, first served. */
export class BodyQueue {
  readonly #clock: Clock;
  readonly #queues = new Map<string, Queue>();

  /** Starts empty. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Admits a body, now or when it is its turn.
   *
   * @param bytes Its announced length, at most {@link MAX_ADMITTED_BYTES}.
   * @returns Whether it was its turn in time; then it must be {@link BodyQueue.leave | left}.
   */
  enter(principal: string, bytes: number): boolean | Promise<boolean> {
    let queue = this.#queues.get(principal);
    if (queue === undefined) {
      queue = { admitted: 0, waiting: new Set() };
      this.#queues.set(principal, queue);
    }
    if (queue.waiting.size === 0 && queue.admitted + bytes <= MAX_ADMITTED_BYTES) {
      queue.admitted += bytes;
      return true;
    }
    return queue.waiting.size < MAX_WAITING_BODIES && this.#wait(queue, bytes);
  }

  /** An admitted body was parsed, or never will be. */
  leave(principal: string, bytes: number): void {
    const queue = this.#queues.get(principal)!;
    queue.admitted -= bytes;
    admitNext(queue);
    if (queue.admitted === 0) this.#queues.delete(principal); // Then no body waits either.
  }

  #wait(queue: Queue, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const one: Waiting = {
        bytes,
        settle: (isAdmitted) => {
          this.#clock.clearTimeout(timer);
          queue.waiting.delete(one);
          resolve(isAdmitted);
        },
      };
      const timer = this.#clock.setTimeout(() => {
        one.settle(false);
        admitNext(queue); // What stood behind it may be smaller.
      }, MAX_WAIT_MILLIS);
      queue.waiting.add(one);
    });
  }
}

function admitNext(queue: Queue): void {
  for (const { bytes, settle } of queue.waiting) {
    if (queue.admitted + bytes > MAX_ADMITTED_BYTES) return;
    queue.admitted += bytes;
    settle(true);
  }
}
