/**
 * How far a tape has been played.
 *
 * @module
 */

/** A report on a tape that is being played. */
export interface TapeProgress {
  /** Rows published. */
  readonly rows: number;
  /** Bad rows that were skipped. */
  readonly skippedRows: number;
  /** Bytes read, up to the last row published. */
  readonly bytes: number;
  /** Bytes in all, when known. */
  readonly totalBytes?: number;
  /** Share of the bytes, 0 to 100, when the total is known. */
  readonly percent?: number;
  /** Rows published per second since the previous report. */
  readonly rowsPerSecond: number;
  /** How late the last batch was handed over, in ms; 0 without a schedule. */
  readonly lagMillis: number;
  /** Time left, in ms, judged by the bytes so far; when the total is known. */
  readonly etaMillis?: number;
  /** Time since the first row, in ms. */
  readonly elapsedMillis: number;
  /** Recorded time of the last row published, epoch ms. */
  readonly tapeTime?: number;
}

/** Counts, and calculates reports. Times are monotonic ms. */
export class ProgressMeter {
  readonly #totalBytes: number | undefined;
  #startedAt = 0;
  #rows = 0;
  #skippedRows = 0;
  #bytes = 0;
  #lag = 0;
  #tapeTime: number | undefined;
  #previous = { at: 0, rows: 0 };
  #rate = 0;

  /**
   * A meter at zero.
   *
   * @param totalBytes Size of the tape, when known.
   */
  constructor(totalBytes: number | undefined) {
    this.#totalBytes = totalBytes;
  }

  /** The time of the first row. */
  start(now: number): void {
    this.#startedAt = now;
    this.#previous = { at: now, rows: 0 };
  }

  /** A row was bad and skipped. */
  skipped(): void {
    this.#skippedRows++;
  }

  /** Rows were published, `lag` ms after they were due; the tape was read up to `bytes`. */
  published(rows: number, bytes: number, lag: number, tapeTime: number): void {
    this.#rows += rows;
    this.#bytes = bytes;
    this.#lag = lag;
    this.#tapeTime = tapeTime;
  }

  /** The state of things at `now`. Rates count from the previous report. */
  report(now: number): TapeProgress {
    const elapsed = now - this.#startedAt;
    const seconds = (now - this.#previous.at) / 1_000;
    if (seconds > 0) {
      this.#rate = (this.#rows - this.#previous.rows) / seconds;
      this.#previous = { at: now, rows: this.#rows };
    }
    const total = this.#totalBytes;
    return {
      rows: this.#rows,
      skippedRows: this.#skippedRows,
      bytes: this.#bytes,
      ...(total === undefined ? {} : {
        totalBytes: total,
        percent: total === 0 ? 100 : Math.min(100, 100 * this.#bytes / total),
      }),
      rowsPerSecond: this.#rate,
      lagMillis: this.#lag,
      ...(total === undefined || this.#bytes === 0 || elapsed <= 0
        ? {}
        : { etaMillis: Math.max(0, elapsed * (total - this.#bytes) / this.#bytes) }),
      elapsedMillis: elapsed,
      ...(this.#tapeTime === undefined ? {} : { tapeTime: this.#tapeTime }),
    };
  }
}
