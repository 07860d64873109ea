/**
 * Distinguishes silent peers from a pause of this process.
 *
 * @module
 */

/** Lateness of a sweep that counts as a pause of the process, in ms: no busy loop is that late. */
export const PAUSE_MILLIS = 1_000;

/** How long judging waits after a pause, in ms, so that what waits in the sockets is read. */
export const READING_MILLIS = 1_000;

/** Pauses in a row for which judging waits: a process that is always late must judge at last. */
const MAX_IN_A_ROW = 3;

/**
 * A process that was stopped, suspended or starved has read nothing, whatever was sent. After a pause
 * nothing is judged by its silence until pending input has been read.
 */
export class PauseGuard {
  #judgeFrom = -Infinity;
  #inARow = 0;

  /**
   * Whether this sweep must not judge.
   *
   * @param now Monotonic ms.
   * @param dueAt When the sweep was due, monotonic ms.
   */
  defers(now: number, dueAt: number): boolean {
    if (now - dueAt >= PAUSE_MILLIS && this.#inARow < MAX_IN_A_ROW) {
      this.#inARow += 1;
      this.#judgeFrom = now + READING_MILLIS;
    }
    if (now < this.#judgeFrom) return true;
    this.#inARow = 0;
    return false;
  }
}
