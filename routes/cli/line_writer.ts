/**
 * Writes lines in batches: a system call for each line is most of what a line costs.
 *
 * @module
 */
import type { Clock } from "../../actors/ports.ts";

/** How long a line may wait for others, in ms. */
export const BATCH_MILLIS = 10;

/** Characters that are held at most; with more they are written at once. */
export const MAX_HELD_LENGTH = 64 * 1024;

/** Collects lines and writes them together. */
export class LineWriter {
  readonly #clock: Clock;
  readonly #writeSync: (bytes: Uint8Array) => number;
  readonly #encoder = new TextEncoder();
  #held = "";
  #timer: unknown;

  /**
   * Starts with nothing held.
   *
   * @param writeSync Writes some of the bytes and says how many, as `Deno.stdout.writeSync` does.
   */
  constructor(clock: Clock, writeSync: (bytes: Uint8Array) => number) {
    this.#clock = clock;
    this.#writeSync = writeSync;
  }

  /**
   * Takes a line, without its line feed.
   *
   * @param urgent Whether it must be out before anything else happens, as the process may end.
   */
  write(line: string, urgent: boolean): void {
    this.#held += `${line}\n`;
    if (urgent || this.#held.length > MAX_HELD_LENGTH) this.flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.flush(), BATCH_MILLIS);
  }

  /** Writes what is held. Write errors are ignored: the output is closed. */
  flush(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held === "") return;
    let bytes: Uint8Array = this.#encoder.encode(this.#held);
    this.#held = "";
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#writeSync(bytes));
    } catch {
      // Ignored: the output is closed.
    }
  }
}
