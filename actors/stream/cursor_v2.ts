/**
 * A v2 client's place in a channel: events come in frames that account for every number.
 *
 * @module
 */
import type { ShedReason } from "../operations.ts";
import type { ChannelReaders } from "./channel_readers.ts";
import { Cursor, type CursorRequest, type OpenCursor, type Outcome } from "./cursor.ts";
import type { EventsFrame } from "./frame_memo.ts";
import { EventFilter } from "./event_filter.ts";
import type { Snapshot } from "./snapshot.ts";
import { decideStart } from "./start.ts";
import type { Subscriber } from "./subscriber.ts";
import type { View } from "./view.ts";

/**
 * Numbers after which a frame is sent although the filter let nothing through, so that the place of
 * a picky client stays in the ring; a quarter of a small ring.
 */
export const EMPTY_FRAME_RANGE = 256;

/** The next number to send, and the snapshot before it. */
export class CursorV2 extends Cursor {
  #view: View;
  /** Whether the client wants the latest event per key alone. */
  #conflate: boolean;
  /** Most events in a snapshot of a lossless channel. */
  #snapshotLimit: number;
  /** The last number that the client missed before it came. */
  #replayTo = 0;
  #snapshot: Snapshot | undefined;
  #part = 0;
  #pacedUntil = -Infinity;
  #flushing = false;

  /** Starts at the head: live from there. */
  constructor(readers: ChannelReaders, subscriber: Subscriber, request: CursorRequest) {
    super(readers, subscriber);
    this.#view = viewOf(readers, request);
    this.#conflate = request.conflate;
    this.#snapshotLimit = request.snapshotLimit;
    this.#view.users += 1;
  }

  /** {@inheritDoc Cursor.liveLag} */
  get liveLag(): number {
    return this.stream.log.head - Math.max(this.next - 1, this.#replayTo);
  }

  /** {@inheritDoc Cursor.reached} */
  override get reached(): number {
    return this.#snapshot === undefined ? this.next - 1 : 0;
  }

  /** {@inheritDoc Cursor.hasPending} */
  get hasPending(): boolean {
    return this.next <= this.stream.log.head || this.#snapshot !== undefined;
  }

  /** {@inheritDoc Cursor.replaying} */
  get replaying(): boolean {
    return this.#snapshot !== undefined || this.next <= this.#replayTo;
  }

  /** The channel through the client's filter. */
  get view(): View {
    return this.#view;
  }

  /** {@inheritDoc Cursor.isBatched} */
  get isBatched(): boolean {
    return true;
  }

  /** {@inheritDoc Cursor.configure} */
  override configure(request: CursorRequest): void {
    const before = this.#view;
    this.#view = viewOf(this.readers, request);
    this.#conflate = request.conflate;
    this.#snapshotLimit = request.snapshotLimit;
    this.#view.users += 1;
    before.users -= 1;
    this.readers.releaseView(before);
  }

  /** {@inheritDoc Cursor.release} */
  override release(): void {
    this.#view.users -= 1;
    this.readers.releaseView(this.#view);
  }

  /** Goes on after a number that the client has; what it missed comes first. */
  resumeAfter(seq: number): void {
    this.next = seq + 1;
    this.#replayTo = this.stream.log.head;
  }

  /** Begins with the states of this moment, which replace what the client has. */
  startSnapshot(limit: number): void {
    const snapshot = this.#view.snapshot(limit);
    this.#snapshot = snapshot;
    this.#part = 0;
    this.next = snapshot.seq + 1;
    this.#replayTo = snapshot.seq;
  }

  /** Begins with a snapshot, which tells the client of the new epoch. */
  restart(): void {
    this.startSnapshot(this.#snapshotLimit);
  }

  /**
   * The heartbeat is due: says how far the channel has come although the filter let nothing through.
   * What is there for the client keeps its pace, unless that is slower than the heartbeat.
   *
   * @returns Whether there is something to serve now.
   */
  override flushProgress(heartbeatMillis: number): boolean {
    if (!this.hasPending) return false;
    this.#flushing = this.replaying || (this.group?.intervalMillis ?? 0) >= heartbeatMillis ||
      this.#nextBatch()?.count === 0;
    return this.#flushing;
  }

  #nextBatch(): EventsFrame | undefined {
    const view = this.#view;
    const conflate = this.#conflate;
    const { head } = this.stream.log;
    return conflate && this.stream.latest !== undefined
      ? view.conflated(this.next, head, false)
      : view.inOrder(this.next, head, false);
  }

  /** {@inheritDoc Cursor.serveReplay} */
  serveReplay(): Outcome {
    const snapshot = this.#serveSnapshot();
    if (snapshot !== "current") return snapshot;
    const view = this.#view;
    while (this.next <= this.#replayTo) {
      let batch = view.inOrder(this.next, this.#replayTo, true);
      if (batch === undefined) {
        if (this.stream.latest === undefined) return "behind";
        if (this.#isUnderHorizon()) return this.#rebase();
        batch = view.conflated(this.next, this.#replayTo, true);
      }
      if (this.subscriber.isFull(batch.bytes)) return "full";
      this.#deliver(batch, "ring_overrun");
    }
    return "current";
  }

  /** {@inheritDoc Cursor.serveLossless} */
  serveLossless(): Outcome {
    const { log } = this.stream;
    while (this.next <= log.head) {
      const batch = this.#view.inOrder(this.next, log.head, false);
      if (batch === undefined) return "behind";
      if (this.#isWithheld(batch)) return "current";
      if (this.subscriber.exceedsHardCap(batch.bytes)) return "full";
      this.#deliver(batch, undefined);
    }
    return "current";
  }

  /** {@inheritDoc Cursor.serveInOrder} */
  serveInOrder(now: number): Outcome {
    if (this.#conflate) return this.#serveLatest(now, undefined);
    const { log } = this.stream;
    while (this.next <= log.head) {
      const batch = this.#view.inOrder(this.next, log.head, false);
      if (batch === undefined) return "behind";
      const stopped = this.#stops(batch, now);
      if (stopped !== undefined) return stopped;
      this.#deliver(batch, undefined);
    }
    return "current";
  }

  /** {@inheritDoc Cursor.serveConflated} */
  serveConflated(now: number, reason: ShedReason): Outcome {
    // A throttled client is polled more often than it wants to be served.
    if (reason !== "ring_overrun" && now < this.#pacedUntil) return "current";
    this.#pacedUntil = now + (this.group?.intervalMillis ?? 0);
    return this.#serveLatest(now, reason);
  }

  /** @param reason What the skipped events are counted under; absent when the client asked for it. */
  #serveLatest(now: number, reason: ShedReason | undefined): Outcome {
    const { log } = this.stream;
    while (this.next <= log.head) {
      if (this.#isUnderHorizon()) return this.#rebase();
      const batch = this.#view.conflated(this.next, log.head, false);
      const stopped = this.#stops(batch, now);
      if (stopped !== undefined) return stopped;
      this.#deliver(batch, reason);
    }
    return "current";
  }

  #serveSnapshot(): Outcome {
    while (this.#snapshot !== undefined) {
      const { text, bytes, count, last } = this.#snapshot.part(this.#part);
      if (this.subscriber.isFull(bytes)) return "full";
      this.#part += 1;
      if (last) this.#snapshot = undefined;
      this.#send(text, bytes, count);
    }
    return "current";
  }

  /** True when tombstones after the cursor may have been evicted. */
  #isUnderHorizon(): boolean {
    return this.next <= this.#view.horizon;
  }

  #rebase(): Outcome {
    this.startSnapshot(Infinity); // Only channels with states are rebased, and all states count.
    return this.serveReplay();
  }

  /** Why a metered frame is not sent now, if it is not. */
  #stops(batch: EventsFrame, now: number): Outcome | undefined {
    if (this.#isWithheld(batch)) return "current";
    if (this.subscriber.isFull(batch.bytes)) return "full";
    return this.subscriber.bucket.take(now) ? undefined : "empty";
  }

  /** A frame without events waits until its range is worth it, or the heartbeat is due. */
  #isWithheld({ from, to, count }: EventsFrame): boolean {
    if (count > 0 || this.#flushing) return false;
    return to - from + 1 < Math.min(EMPTY_FRAME_RANGE, this.stream.log.capacity / 4);
  }

  #deliver({ text, bytes, to, count, skipped }: EventsFrame, reason: ShedReason | undefined): void {
    this.next = to + 1;
    this.#flushing = false;
    this.#send(text, bytes, count);
    if (skipped === 0) return;
    this.subscriber.eventsSkipped += skipped;
    if (reason === undefined) this.stream.conflated += skipped;
    else this.stream.shed[reason] += skipped;
  }

  #send(text: string, bytes: number, events: number): void {
    this.subscriber.send(text, bytes);
    this.subscriber.eventsSent += events;
    this.stream.sent += events;
  }
}

/** Opens a v2 cursor where the subscription says: live, with a snapshot, or after a number. */
export const openCursorV2: OpenCursor = (readers, subscriber, request, store) => {
  const { stream } = readers;
  const cursor = new CursorV2(readers, subscriber, request);
  const oldestStored = store?.oldest(stream.channel);
  const start = decideStart(stream, oldestStored, request, cursor.view.horizon);
  if (start.kind === "resume") cursor.resumeAfter(start.seq);
  if (start.kind === "snapshot") cursor.startSnapshot(request.snapshotLimit);
  return { cursor, start };
};

function viewOf(readers: ChannelReaders, { filter, limit }: CursorRequest): View {
  const { filterFields } = readers.stream.spec;
  return readers.view(filter && new EventFilter(filter, filterFields), limit);
}
