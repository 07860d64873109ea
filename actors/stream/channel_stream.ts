/**
 * What is held of one channel: its log, its latest states, its counters. Folded from the event log;
 * who reads it is kept apart (`channel_readers.ts`).
 *
 * @module
 */
import type { ChannelDefinition } from "../../protocol/channel_set.ts";
import type { Channel, Lane } from "../../protocol/channels.ts";
import type { ShedReason } from "../operations.ts";
import type { AppendedEvent } from "../log/event_log.ts";
import type { Clock, RestoredChannel } from "../ports.ts";
import { Backlog } from "./backlog.ts";
import { ChannelLog, type LoggedEvent, MAX_RING_BYTES } from "./channel_log.ts";
import { timeInMetaOf } from "../../protocol/v1/event_frame.ts";
import { LatestStates } from "./latest_states.ts";
import { RecentKeys } from "./recent_keys.ts";
import { TraderAlerts } from "./trader_alerts.ts";

/** One channel. */
export class ChannelStream {
  /** What the gateway knows about the channel. */
  readonly spec: ChannelDefinition;
  /** The name of the channel. */
  readonly channel: Channel;
  /** What may be shed on it. */
  readonly lane: Lane;
  /** Its newest events; another log after a change of the epoch. */
  log: ChannelLog;
  /** Latest state per key; `undefined` on lossless channels, where every event counts. */
  latest: LatestStates | undefined;
  /** What the snapshot of a lossless channel shows, if not its last events. */
  recent: RecentKeys | undefined;
  /** What left the log and was read back; `undefined` on channels that can be conflated instead. */
  backlog: Backlog | undefined;
  /** Most ids in the snapshot of a lossless channel. */
  readonly replayLimit: number;
  /** What snapshots of a lossless channel show of single traders; `undefined` where `recent` is. */
  alerts: TraderAlerts | undefined;
  /** When the last event was appended, monotonic ms. */
  lastAppendAt = 0;
  /** Events published since the start. */
  published = 0;
  /** Events delivered since the start, once per connection. */
  sent = 0;
  /** Events shed since the start, once per connection. */
  readonly shed: Record<ShedReason, number> = { rate_limit: 0, slow_consumer: 0, ring_overrun: 0 };
  /** Events left out because the client wants the latest alone, once per connection. */
  conflated = 0;

  /**
   * Builds the stream of a channel around its log.
   *
   * @param replayLimit Most ids in the snapshot of a lossless channel.
   */
  private constructor(spec: ChannelDefinition, log: ChannelLog, replayLimit = 50) {
    this.spec = spec;
    this.channel = spec.name;
    this.lane = spec.lane;
    this.replayLimit = replayLimit;
    this.log = log;
    this.#forget();
  }

  #forget(): void {
    const lossless = this.lane === "lossless";
    this.latest = lossless ? undefined : new LatestStates();
    this.backlog = lossless ? new Backlog() : undefined;
    const byKey = lossless && this.spec.snapshot === "latest-per-key";
    this.recent = byKey ? new RecentKeys(this.replayLimit) : undefined;
    this.alerts = byKey ? new TraderAlerts(this.spec, this.replayLimit) : undefined;
  }

  /**
   * Begins a stream that holds nothing.
   *
   * @param epoch Identity of the sequence.
   * @param head Number of the last event; 0 for a new sequence.
   * @param capacity Most events in the ring.
   * @param replayLimit Most ids in the snapshot of a lossless channel.
   */
  static begin(
    spec: ChannelDefinition,
    epoch: string,
    head: number,
    capacity: number,
    replayLimit?: number,
  ): ChannelStream {
    return new ChannelStream(spec, logOf(spec, epoch, head, capacity), replayLimit);
  }

  /**
   * Continues from what an earlier process has stored: the stream of a channel as it was.
   *
   * @param capacity Most events in the ring.
   * @param clock Tells how old tombstones are.
   * @param replayLimit Most ids in the snapshot of a lossless channel.
   */
  static restore(
    spec: ChannelDefinition,
    restored: RestoredChannel,
    capacity: number,
    clock: Clock,
    replayLimit?: number,
  ): ChannelStream {
    const { epoch, seq } = restored;
    const stream = ChannelStream.begin(spec, epoch, seq, capacity, replayLimit);
    stream.restart(restored, clock);
    return stream;
  }

  /**
   * Goes on as another sequence, of which this is the state. Readers have to be told; counters stay.
   *
   * @param clock Tells how old tombstones are.
   */
  restart({ epoch, seq, events, latest, horizon }: RestoredChannel, clock: Clock): void {
    this.log = logOf(this.spec, epoch, seq - events.length, this.log.capacity);
    this.#forget();
    for (const stored of events) this.log.append(stored);
    this.latest?.raiseHorizon(horizon);
    for (const stored of latest) {
      const event = this.log.get(stored.seq) ?? this.log.beyond(stored);
      this.recent?.put(event);
      this.alerts?.put(event);
      const age = Math.max(0, clock.epochMillis() - stored.timestamp);
      this.latest?.put(event, clock.now() - age);
    }
  }

  /**
   * Appends a committed event, and returns it as it is read from now on.
   *
   * @param now Monotonic time in ms.
   */
  append({ stored, attributes }: AppendedEvent, now: number): LoggedEvent {
    const event = this.log.append(stored, attributes);
    this.latest?.put(event, now);
    this.recent?.put(event);
    this.alerts?.put(event);
    this.lastAppendAt = now;
    this.published += 1;
    return event;
  }

  /** What a replay of at most `limit` events sends, oldest first, with no number above `upTo`. */
  replay(limit: number, upTo: number): LoggedEvent[] {
    if (this.latest !== undefined) return this.latest.newest(limit, upTo);
    if (this.recent !== undefined) return this.recent.newest(limit, upTo);
    const events: LoggedEvent[] = [];
    for (let seq = Math.max(this.log.oldest, upTo - limit + 1); seq <= upTo; seq++) {
      events.push(this.log.get(seq)!);
    }
    return events;
  }

  /** The event of a number, as far as it is in memory. */
  at(seq: number): LoggedEvent | undefined {
    return this.log.get(seq) ?? this.backlog?.get(seq);
  }
}

function logOf(spec: ChannelDefinition, epoch: string, head: number, capacity: number): ChannelLog {
  return new ChannelLog(epoch, head, capacity, MAX_RING_BYTES, timeInMetaOf(spec));
}
