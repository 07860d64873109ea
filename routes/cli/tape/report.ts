/**
 * Progress and summary of the tape player, as text.
 *
 * @module
 */
import type { TapeSummary } from "./player.ts";
import type { TapeProgress } from "./progress.ts";

/** Without a terminal a line of progress is written this often, in ms. */
const LOG_PROGRESS_MILLIS = 10_000;

/** Back to the first column, and clear the line. */
const REWRITE = "\r\x1b[K";

/** Where progress is written. */
export interface ProgressTarget {
  /** Writes text as it is. */
  readonly write: (text: string) => void;
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** One line that is rewritten on a terminal, and a line every ten seconds elsewhere. */
export class ProgressLine {
  readonly #target: ProgressTarget;
  #shown = false;
  #writtenAt: number;

  /** A line that shows nothing yet. */
  constructor(target: ProgressTarget) {
    this.#target = target;
    this.#writtenAt = target.now();
  }

  /** Shows progress. */
  show(progress: TapeProgress): void {
    const { write, isTerminal, now } = this.#target;
    if (isTerminal) {
      write(`${REWRITE}${formatProgress(progress)}`);
      this.#shown = true;
    } else if (now() - this.#writtenAt >= LOG_PROGRESS_MILLIS) {
      write(`${formatProgress(progress)}\n`);
      this.#writtenAt = now();
    }
  }

  /** Writes a line that stays. */
  say(text: string): void {
    this.clear();
    this.#target.write(`${text}\n`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#target.write(REWRITE);
    this.#shown = false;
  }
}

/** One line on how far the tape is. */
function formatProgress(progress: TapeProgress): string {
  const { rows, percent, rowsPerSecond, lagMillis, etaMillis, skippedRows, tapeTime } = progress;
  return [
    `${count(rows)} rows`,
    ...(percent === undefined ? [] : [`${percent.toFixed(1)} %`]),
    `${count(Math.round(rowsPerSecond))}/s`,
    `lag ${(lagMillis / 1_000).toFixed(1)} s`,
    ...(etaMillis === undefined ? [] : [`${formatDuration(etaMillis)} left`]),
    ...(skippedRows === 0 ? [] : [`${count(skippedRows)} bad rows`]),
    ...(tapeTime === undefined ? [] : [`tape at ${isoSeconds(tapeTime)}`]),
  ].join("  ");
}

/** One line on how it ended. */
export function formatSummary(summary: TapeSummary, accepted: number, duplicates: number): string {
  const { ended, rows, elapsedMillis, skippedRows } = summary;
  const rate = elapsedMillis > 0 ? ` (${count(Math.round(rows / elapsedMillis * 1_000))}/s)` : "";
  const verb = ended === "aborted" ? "stopped after" : "played";
  const parts = [
    `${verb} ${count(rows)} rows in ${(elapsedMillis / 1_000).toFixed(1)} s${rate}`,
    `${count(accepted)} stored`,
    `${count(duplicates)} duplicates`,
    `${count(skippedRows)} bad rows skipped`,
  ];
  // Explains why clients saw no prices.
  const hint = duplicates > 0 && accepted === 0
    ? "; the gateway knows these events from a moment ago, --run NAME plays them as new ones"
    : "";
  return `${parts.join(", ")}${hint}`;
}

/** A duration as `h:mm:ss` or `m:ss`. */
function formatDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = `${hours > 0 ? two(minutes) : minutes}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function isoSeconds(epochMillis: number): string {
  return `${new Date(epochMillis).toISOString().slice(0, 19)}Z`;
}
