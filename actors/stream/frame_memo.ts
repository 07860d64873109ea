/**
 * Frames that several connections send, kept while they may be asked for again.
 *
 * @module
 */

/** Bytes above which a memo forgets all it holds: a few frames (256 KiB). */
export const MAX_MEMO_BYTES = 256 * 1024;

/** A frame that accounts for a range of a channel. */
export interface Batch {
  /** What is sent. */
  readonly text: string;
  /** Length of {@link Batch.text} in bytes of UTF-8. */
  readonly bytes: number;
  /** The first number that it accounts for. */
  readonly from: number;
  /** The last number that it accounts for. */
  readonly to: number;
  /** Events in it. */
  readonly count: number;
  /** Numbers that were conflated or shed. */
  readonly skipped: number;
}

interface Entry {
  readonly batch: Batch;
  readonly upTo: number;
  readonly mark: number;
}

/** Frames by their first number. */
export class FrameMemo {
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;

  /**
   * The frame from a number on.
   *
   * @param upTo The last number that it may account for. One that ended before for its size fits.
   * @param mark Tells apart states in which the same range reads differently.
   */
  get(from: number, upTo: number, mark: number): Batch | undefined {
    const entry = this.#entries.get(from);
    if (entry === undefined || entry.mark !== mark) return undefined;
    const { batch } = entry;
    const ended = batch.to < entry.upTo && batch.to <= upTo;
    return ended || entry.upTo === upTo ? batch : undefined;
  }

  /** Keeps a frame; the arguments are those of {@link FrameMemo.get}. */
  put(batch: Batch, upTo: number, mark: number): Batch {
    if (this.#bytes + batch.bytes > MAX_MEMO_BYTES) this.clear();
    const previous = this.#entries.get(batch.from);
    this.#bytes += batch.bytes - (previous?.batch.bytes ?? 0);
    this.#entries.set(batch.from, { batch, upTo, mark });
    return batch;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
