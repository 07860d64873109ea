/**
 * Frames that several connections send, kept while another connection may need them.
 *
 * @module
 */

/** Bytes above which a memo forgets all it holds: a few frames (256 KiB). */
export const MAX_MEMO_BYTES = 256 * 1024;

/** A frame that accounts for a range of a channel. */
export interface EventsFrame {
  /** What is sent. */
  readonly text: string;
  /** Length of {@link EventsFrame.text} in bytes of UTF-8. */
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
  readonly frame: EventsFrame;
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
  get(from: number, upTo: number, mark: number): EventsFrame | undefined {
    const entry = this.#entries.get(from);
    if (entry === undefined || entry.mark !== mark) return undefined;
    const { frame } = entry;
    const ended = frame.to < entry.upTo && frame.to <= upTo;
    return ended || entry.upTo === upTo ? frame : undefined;
  }

  /** Keeps a frame; the arguments are those of {@link FrameMemo.get}. */
  put(frame: EventsFrame, upTo: number, mark: number): EventsFrame {
    if (this.#bytes + frame.bytes > MAX_MEMO_BYTES) this.clear();
    const previous = this.#entries.get(frame.from);
    this.#bytes += frame.bytes - (previous?.frame.bytes ?? 0);
    this.#entries.set(frame.from, { frame, upTo, mark });
    return frame;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
