/**
 * A v1 client's place in a channel: every event is a frame of its own.
 *
 * @module
 */
import type { ShedReason } from "../operations.ts";
import type { LoggedEvent } from "./channel_log.ts";
import { Cursor, type CursorRequest, type OpenCursor, type Outcome } from "./cursor.ts";
import { MAX_SPLICE_BYTES, spliceV1 } from "../../protocol/v1/event_frame.ts";
import type { RowView } from "./row_view.ts";

/** The next number to send, and the replay before it. */
export class CursorV1 extends Cursor {
  /** Replayed events to be sent before live ones. */
  #replay: readonly LoggedEvent[] | undefined;
  /** How many of them were sent. */
  #replayed = 0;
  /** What its key may see; everything when absent. */
  #rows: RowView | undefined;
  #replayLimit = 0;
  /** Events skipped since the last delivered one: the next `meta.skipped`. */
  skipped = 0;

  /** {@inheritDoc Cursor.configure} */
  override configure({ limit }: CursorRequest): void {
    const rows = limit && this.readers.rows(limit);
    if (rows === this.#rows) return;
    this.release();
    this.#rows = rows;
    if (rows !== undefined) rows.users += 1;
  }

  /** {@inheritDoc Cursor.release} */
  override release(): void {
    if (this.#rows !== undefined) this.#rows.users -= 1;
    this.#rows = undefined;
  }

  /** {@inheritDoc Cursor.liveLag} */
  get liveLag(): number {
    return this.lag;
  }

  /** {@inheritDoc Cursor.hasPending} */
  get hasPending(): boolean {
    return this.next <= this.stream.log.head || this.replaying;
  }

  /** {@inheritDoc Cursor.replaying} */
  get replaying(): boolean {
    return this.#replay !== undefined;
  }

  /** {@inheritDoc Cursor.isBatched} */
  get isBatched(): boolean {
    return false;
  }

  /**
   * Replays the states up to the last number already sent before what follows. What is newer arrives
   * through the cursor, so nothing comes twice and an ended key still ends.
   */
  startSnapshot(limit: number): void {
    this.#replay = (this.#rows ?? this.stream).replay(limit, this.next - 1);
    this.#replayed = 0;
    this.#replayLimit = limit;
  }

  /** Goes on after the same number, or at the head; a replay under way begins again. */
  restart(): void {
    this.next = Math.min(this.next, this.stream.log.head + 1);
    if (this.replaying) this.startSnapshot(this.#replayLimit);
  }

  /** {@inheritDoc Cursor.sendNext} */
  override sendNext(event: LoggedEvent, now: number): boolean {
    const { text, bytes } = event.v1;
    if (this.next !== event.seq || this.replaying || bytes === 0) return false;
    if (this.#rows !== undefined) {
      const seen = this.#rows.see(event);
      if (seen === undefined) this.next += 1;
      if (seen !== event) return seen === undefined;
    }
    if (this.skipped > 0) return false;
    if (!this.subscriber.sendAtOnce(text, bytes, now)) return false;
    this.next += 1;
    this.stream.sent += 1;
    return true;
  }

  /** {@inheritDoc Cursor.serveReplay} */
  serveReplay(): Outcome {
    const replay = this.#replay ?? [];
    while (this.#replayed < replay.length) {
      const event = replay[this.#replayed]!;
      if (this.subscriber.isFull(sizeOf(event))) return "full";
      this.#deliver(event, true);
      this.#replayed += 1;
    }
    this.#replay = undefined;
    return "current";
  }

  /** {@inheritDoc Cursor.serveLossless} */
  serveLossless(): Outcome {
    const { stream, subscriber } = this;
    while (this.next <= stream.log.head) {
      const event = stream.at(this.next);
      if (event === undefined) return "behind";
      const seen = this.#see(event);
      if (seen !== undefined) {
        if (subscriber.exceedsHardCap(sizeOf(seen))) return "full";
        this.#deliver(seen, false);
      }
      this.next += 1;
    }
    return "current";
  }

  /** {@inheritDoc Cursor.serveInOrder} */
  serveInOrder(now: number): Outcome {
    const { log } = this.stream;
    const { subscriber } = this;
    while (this.next <= log.head) {
      const event = log.get(this.next);
      if (event === undefined) return "behind";
      const seen = this.#see(event);
      if (seen !== undefined && seen.v1.bytes > 0) {
        if (subscriber.isFull(sizeOf(seen))) return "full";
        if (!subscriber.bucket.take(now)) return "empty";
        this.#deliver(seen, false);
      } else if (seen !== undefined) {
        this.skipped += 1;
      }
      this.next += 1;
    }
    return "current";
  }

  /** {@inheritDoc Cursor.serveConflated} */
  serveConflated(now: number, reason: ShedReason): Outcome {
    const { log } = this.stream;
    const { latest } = this.#rows ?? this.stream;
    const { subscriber } = this;
    for (let state = latest!.after(this.next - 1); state !== undefined; state = state.next) {
      const { event } = state;
      const visible = event.v1.bytes > 0;
      if (visible && subscriber.isFull(sizeOf(event))) return "full";
      if (visible && !subscriber.bucket.take(now)) return "empty";
      this.#shed(this.#countSeen(this.next, event.seq - 1), reason);
      if (visible) this.#deliver(event, false);
      else this.skipped += 1;
      this.next = event.seq + 1;
    }
    // Numbers above the last state belonged to keys whose tombstones are gone.
    this.#shed(this.#countSeen(this.next, log.head), reason);
    this.next = log.head + 1;
    return "current";
  }

  /** An event as the key may see it; `undefined` when it is withheld. */
  #see(event: LoggedEvent): LoggedEvent | undefined {
    return this.#rows === undefined ? event : this.#rows.see(event);
  }

  /** Numbers of a range without those that are withheld, which do not count as skipped. */
  #countSeen(from: number, to: number): number {
    return to - from + 1 - (this.#rows?.countWithheld(from, to) ?? 0);
  }

  #deliver(event: LoggedEvent, replay: boolean): void {
    const { subscriber, stream, skipped } = this;
    const { text, bytes } = event.v1;
    if (!replay && skipped === 0) {
      subscriber.send(text, bytes);
    } else {
      const spliced = spliceV1(event.v1, replay, replay ? 0 : skipped);
      // What is spliced in is ASCII, so that characters are bytes.
      subscriber.send(spliced, bytes + spliced.length - text.length);
      if (!replay) this.skipped = 0;
    }
    subscriber.eventsSent += 1;
    stream.sent += 1;
  }

  #shed(count: number, reason: ShedReason): void {
    if (count <= 0) return;
    this.skipped += count;
    this.subscriber.eventsSkipped += count;
    this.stream.shed[reason] += count;
  }
}

/** Opens a v1 cursor, which is live from the head on, with a replay before that if it is asked for. */
export const openCursorV1: OpenCursor = (readers, subscriber, request) => {
  const { snapshot, snapshotLimit } = request;
  const cursor = new CursorV1(readers, subscriber);
  cursor.configure(request);
  if (snapshot) cursor.startSnapshot(snapshotLimit);
  const { epoch, head: seq } = readers.stream.log;
  return { cursor, start: { kind: snapshot ? "snapshot" : "live", epoch, seq } };
};

/** Most bytes that sending an event takes. */
function sizeOf({ v1 }: LoggedEvent): number {
  return v1.bytes + MAX_SPLICE_BYTES;
}
