/**
 * Fan-out: carries every cursor to the head of its channel, in slices, most important lanes first.
 *
 * Telemetry never passes through an actor. The control plane is called only when a connection changes
 * between streamed and conflated, or can no longer be served without a hole.
 *
 * @module
 */
import type { StreamPosition } from "../../protocol/stream_position.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { AppendedEvent, LogObserver } from "../log/event_log.ts";
import type { Clock, RestoredChannel } from "../ports.ts";
import { CoalescedCall } from "../coalesced_call.ts";
import type { EventReader } from "./backlog_reader.ts";
import { ChannelReaders } from "./channel_readers.ts";
import type { ChannelStream } from "./channel_stream.ts";
import type { Cursor, CursorRequest, OpenCursor } from "./cursor.ts";
import type { CursorGroup } from "./cursor_group.ts";
import { Delivery } from "./delivery.ts";
import type { Start } from "./start.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * Longest uninterrupted stretch of sending, in ms. What it sends, some 500 frames, is written to the
 * network before the loop comes round, which takes about twice as long again: 5 to 6 ms in all.
 */
export const SLICE_MILLIS = 2;

/** Frames between two readings of the clock: about 0.2 ms of sending. */
const FRAMES_PER_CLOCK_READ = 16;

/** Cursors between two readings of the clock: filters take time also when nothing passes them. */
const CURSORS_PER_CLOCK_READ = 16;

/** How the fan-out works. */
export interface FanoutOptions {
  /** Time between two batches to a v2 client, and between two polls of slow clients, in ms. */
  readonly flushIntervalMillis: number;
  /** Where lossless channels are read beyond the ring; without it there is nothing beyond. */
  readonly store?: EventReader;
}

/** Distributes the events of all channels. Follows the log, and folds the streams from it. */
export class Fanout implements LogObserver {
  readonly #clock: Clock;
  readonly #options: FanoutOptions;
  readonly #readers: ReadonlyMap<Channel, ChannelReaders>;
  /** Readers in the order in which they are served, which is that of the map. */
  readonly #ordered: readonly ChannelReaders[];
  readonly #delivery: Delivery;
  readonly #slice: CoalescedCall;
  readonly #flush: CoalescedCall;

  /** Takes the clock and one stream per channel, those of lossless lanes first. */
  constructor(
    clock: Clock,
    streams: ReadonlyMap<Channel, ChannelStream>,
    options: FanoutOptions = { flushIntervalMillis: 50 },
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#readers = new Map([...streams].map(([channel, stream]) => {
      return [channel, new ChannelReaders(stream)];
    }));
    this.#ordered = [...this.#readers.values()];
    this.#slice = new CoalescedCall(clock, () => {
      if (!this.#runSlice()) this.#slice.atTurnEnd();
    });
    this.#flush = new CoalescedCall(clock, (dueAt) => this.#flushGroups(dueAt));
    this.#delivery = new Delivery({
      clock,
      schedule: () => this.#slice.atTurnEnd(),
      channels: [...streams.keys()],
      tickMillis: options.flushIntervalMillis,
      store: options.store,
    });
  }

  /** Subscribers that are parked or conflated. */
  get held(): number {
    return this.#delivery.held;
  }

  /** The readers of a channel. */
  readersOf(channel: Channel): ChannelReaders {
    return this.#readers.get(channel)!;
  }

  /** Appends committed events and sees that they are sent at the end of this turn, or at the tick. */
  appended(channel: Channel, events: readonly AppendedEvent[]): void {
    const now = this.#clock.now();
    const readers = this.#readers.get(channel)!;
    const { stream, groups } = readers;
    for (const event of events) readers.append(stream.append(event, now), now);
    for (const group of groups) {
      group.notify(now);
      if (group.waiting) this.#flush.at(group.nextTickAt, now);
    }
    this.#slice.atTurnEnd();
  }

  /** Begins a channel anew: v2 clients get a snapshot, v1 clients see the new epoch in `meta`. */
  restarted(channel: Channel, state: RestoredChannel): void {
    const now = this.#clock.now();
    const readers = this.#readers.get(channel)!;
    readers.stream.restart(state, this.#clock);
    readers.restart();
    for (const group of readers.groups) group.flush(now);
    this.#slice.atTurnEnd();
  }

  /**
   * Subscribes a connection to a channel, or changes how it is subscribed. Nothing is sent before
   * {@link Fanout.start}, so that the acknowledgement comes first. A cursor that is there keeps its
   * place, unless a snapshot is asked for.
   *
   * @param openCursor Opens the cursor of the connection's dialect.
   */
  open(subscriber: Subscriber, openCursor: OpenCursor, request: CursorRequest): Start {
    const { channel } = request;
    const readers = this.#readers.get(channel)!;
    const known = subscriber.cursors.get(channel);
    if (known !== undefined) return this.#reopen(known, request);
    const { cursor, start } = openCursor(readers, subscriber, request, this.#options.store);
    subscriber.cursors.set(channel, cursor);
    this.#groupFor(cursor, request).attach(cursor);
    return start;
  }

  /** Sends what a subscription begins with. */
  start(subscriber: Subscriber, channel: Channel): void {
    const cursor = subscriber.cursors.get(channel);
    if (cursor === undefined) return;
    this.#delivery.beginSlice();
    this.#delivery.serve(cursor, this.#clock.now());
  }

  /**
   * Tells a client how far its channels have come, where its dialect accounts for numbers.
   *
   * @param heartbeatMillis How often it must be told, in ms; 0 sends all there is.
   */
  flushProgress(subscriber: Subscriber, heartbeatMillis: number): void {
    this.#delivery.beginSlice();
    for (const cursor of [...subscriber.cursors.values()]) {
      if (cursor.group === undefined) continue; // One before it was too slow, and ended them all.
      if (cursor.flushProgress(heartbeatMillis)) this.#delivery.serve(cursor, this.#clock.now());
    }
  }

  /** A client has sent something: it is not stalled, so its alerts go before those of others. */
  heard(subscriber: Subscriber, now: number): void {
    for (const cursor of subscriber.cursors.values()) cursor.group?.prefer(cursor, now);
  }

  /**
   * Ends a subscription; what was not sent by then is not sent.
   *
   * @returns The place that the client has reached: 0, where everything begins, when a snapshot was
   *   still owed; the head when it was not subscribed.
   */
  unsubscribe(subscriber: Subscriber, channel: Channel): StreamPosition {
    const { epoch, head } = this.#readers.get(channel)!.stream.log;
    const cursor = subscriber.cursors.get(channel);
    if (cursor === undefined) return { epoch, seq: head };
    subscriber.cursors.delete(channel);
    cursor.group?.detach(cursor);
    cursor.release();
    if (subscriber.cursors.size === 0) this.#delivery.release(subscriber);
    return { epoch, seq: cursor.reached };
  }

  /** Ends every subscription of a connection. */
  remove(subscriber: Subscriber): void {
    subscriber.removed = true;
    for (const channel of [...subscriber.cursors.keys()]) this.unsubscribe(subscriber, channel);
  }

  #reopen(cursor: Cursor, request: CursorRequest): Start {
    const { epoch } = cursor.stream.log;
    cursor.configure(request);
    const group = this.#groupFor(cursor, request);
    if (group !== cursor.group) {
      cursor.group?.detach(cursor);
      group.attach(cursor);
    }
    if (request.snapshot) cursor.startSnapshot(request.snapshotLimit);
    return { kind: "live", epoch, seq: cursor.next - 1 };
  }

  /** Lossless lanes never wait for a tick. */
  #groupFor({ stream, readers, isBatched }: Cursor, { intervalMs }: CursorRequest): CursorGroup {
    if (stream.lane === "lossless" || !isBatched) return readers.group(0);
    const { flushIntervalMillis } = this.#options;
    const ticks = Math.max(1, Math.ceil(intervalMs / flushIntervalMillis));
    return readers.group(ticks * flushIntervalMillis);
  }

  /** Sends what waited for this tick; what waits for a later one is flushed then. */
  #flushGroups(dueAt: number): void {
    const now = Math.max(dueAt, this.#clock.now()); // Timers may be a fraction early.
    for (const { groups } of this.#ordered) {
      for (const group of groups) {
        if (!group.waiting) continue;
        if (group.nextTickAt <= now) group.flush(now);
        else this.#flush.at(group.nextTickAt, now);
      }
    }
    this.#slice.atTurnEnd();
  }

  /** Works until all is done (`true`) or the slice is over (`false`): lossless lanes first. */
  #runSlice(): boolean {
    this.#delivery.beginSlice();
    const until = this.#clock.now() + SLICE_MILLIS;
    for (const { stream, groups } of this.#ordered) {
      if (stream.lane !== "lossless" && !this.#delivery.runRound(until)) return false;
      for (const group of groups) {
        if (!this.#runPass(stream, group, until)) return false;
      }
    }
    return true;
  }

  #runPass(stream: ChannelStream, group: CursorGroup, until: number): boolean {
    // Fast path: most cursors are exactly one event behind. Lossless lanes skip it.
    const newest = stream.lane === "lossless" ? undefined : stream.log.get(stream.log.head);
    let now = this.#clock.now();
    let readClockAt = stream.sent + FRAMES_PER_CLOCK_READ;
    let served = 0;
    while (group.due) {
      while (group.position < group.cursors.length) {
        const cursor = group.cursors[group.position]!;
        if (newest === undefined || !cursor.sendNext(newest, now)) {
          this.#delivery.serve(cursor, now);
        }
        group.position += 1;
        served += 1;
        if (stream.sent < readClockAt && served < CURSORS_PER_CLOCK_READ) continue;
        readClockAt = stream.sent + FRAMES_PER_CLOCK_READ;
        served = 0;
        now = this.#clock.now();
        if (now >= until) return false;
      }
      group.position = 0;
      group.due = group.again;
      group.again = false;
    }
    return true;
  }
}
