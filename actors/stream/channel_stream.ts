/**
 * Everything the data plane knows of one channel: log, latest states, cursors, counters.
 *
 * @module
 */
import { type Channel, type Lane, LANES } from "../../protocol/channels.ts";
import type { ShedReason } from "../operations.ts";
import type { Clock, RestoredChannel, StoredEvent } from "../ports.ts";
import { ChannelLog, type LoggedEvent } from "./channel_log.ts";
import type { Cursor } from "./cursor.ts";
import { LatestStates } from "./latest_states.ts";

/** One channel with its readers. */
export class ChannelStream {
  /** The channel. */
  readonly channel: Channel;
  /** What may be shed on it. */
  readonly lane: Lane;
  /** Its newest events. */
  readonly log: ChannelLog;
  /** Latest state per key; `undefined` on lossless channels, where every event counts. */
  readonly latest: LatestStates | undefined;
  /** Its readers, in no particular order. */
  readonly cursors: Cursor[] = [];
  /** Events published since the start. */
  published = 0;
  /** Events delivered since the start, once per connection. */
  sent = 0;
  /** Events shed since the start, once per connection. */
  readonly shed: Record<ShedReason, number> = { rate_limit: 0, slow_consumer: 0, ring_overrun: 0 };

  /** Builds the stream of a channel around its log. */
  constructor(channel: Channel, log: ChannelLog) {
    this.channel = channel;
    this.lane = LANES[channel];
    this.log = log;
    this.latest = this.lane === "lossless" ? undefined : new LatestStates();
  }

  /**
   * Continues from what an earlier process has stored: the stream of a channel as it was.
   *
   * @param capacity Most events in the ring.
   * @param clock Tells how old tombstones are.
   */
  static restore(
    channel: Channel,
    restored: RestoredChannel,
    capacity: number,
    clock: Clock,
  ): ChannelStream {
    const { epoch, seq, events, latest, horizon } = restored;
    const stream = new ChannelStream(channel, new ChannelLog(epoch, seq - events.length, capacity));
    for (const stored of events) stream.log.append(stored);
    stream.latest?.raiseHorizon(horizon);
    for (const stored of latest) {
      const event = stream.log.get(stored.seq) ?? stream.log.encode(stored);
      const age = Math.max(0, clock.epochMillis() - stored.timestamp);
      stream.latest?.put(event, clock.now() - age);
    }
    return stream;
  }

  /**
   * Appends a committed event.
   *
   * @param now Monotonic time in ms.
   */
  append(stored: StoredEvent, now: number): void {
    const event = this.log.append(stored);
    this.latest?.put(event, now);
    this.published += 1;
  }

  /** What a replay of at most `limit` events sends, oldest first, with no number above `upTo`. */
  replay(limit: number, upTo: number): LoggedEvent[] {
    if (this.latest !== undefined) return this.latest.newest(limit, upTo);
    const events: LoggedEvent[] = [];
    for (let seq = Math.max(this.log.oldest, upTo - limit + 1); seq <= upTo; seq++) {
      events.push(this.log.get(seq)!);
    }
    return events;
  }

  /** Adds a reader. */
  attach(cursor: Cursor): void {
    cursor.slot = this.cursors.push(cursor) - 1;
  }

  /** Removes a reader; the last one takes its slot. */
  detach(cursor: Cursor): void {
    if (cursor.slot < 0) return;
    const last = this.cursors.pop()!;
    if (last !== cursor) {
      this.cursors[cursor.slot] = last;
      last.slot = cursor.slot;
    }
    cursor.slot = -1;
  }
}
