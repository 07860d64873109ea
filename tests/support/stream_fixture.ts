/**
 * A data plane without a control plane: streams, fan-out, readers on fake sockets, and a clock whose
 * turns are taken one at a time.
 *
 * @module
 */
import type { ShedReason } from "../../actors/operations.ts";
import type { StoredEvent } from "../../actors/ports.ts";
import { type CursorV2, openCursorV2 } from "../../actors/stream/cursor_v2.ts";
import type { ChannelReaders } from "../../actors/stream/channel_readers.ts";
import { ChannelStream } from "../../actors/stream/channel_stream.ts";
import type { CursorRequest } from "../../actors/stream/cursor.ts";
import { type CursorV1, openCursorV1 } from "../../actors/stream/cursor_v1.ts";
import { Fanout } from "../../actors/stream/fanout.ts";
import type { Start } from "../../actors/stream/start.ts";
import { Subscriber, type SubscriberControl } from "../../actors/stream/subscriber.ts";
import { TokenBucket } from "../../actors/stream/token_bucket.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { ChannelSubscription } from "../../protocol/v2/client_message.ts";
import type { EventArchive } from "./event_archive.ts";
import { FakeSocket } from "./fake_socket.ts";
import { TEST_EPOCH, TestClock } from "./test_clock.ts";

/** The epoch of every stream of a {@link StreamFixture}. */
export const EPOCH = "e1";

/** The ISO time of every {@link storedEvent}. */
export const EVENT_TIME: string = new Date(TEST_EPOCH).toISOString();

/** A {@link TestClock} on which work takes time, and whose deferred calls wait for their turn. */
export class TurnClock extends TestClock {
  #spent = 0;
  #deferred: (() => void)[] = [];

  /** Simulated ms, the time that work took included. */
  override now(): number {
    return super.now() + this.#spent;
  }

  /** Work takes so many ms; no timer runs meanwhile. */
  spend(ms: number): void {
    this.#spent += ms;
  }

  /** Calls once in the next {@link TurnClock.turn}. */
  override defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Deferred calls that wait. */
  get waiting(): number {
    return this.#deferred.length;
  }

  /** Ends a turn: runs what was deferred until now, but not what that defers. */
  turn(): void {
    const callbacks = this.#deferred;
    this.#deferred = [];
    for (const callback of callbacks) callback();
  }

  /** Ends turns until nothing is deferred any more. */
  turns(): void {
    for (let ran = 0; this.#deferred.length > 0; ran++) {
      if (ran === 100_000) throw new Error("TurnClock: turns keep deferring; is this a loop?");
      this.turn();
    }
  }
}

/** What tests choose about an event; the rest follows from its channel and number. */
export interface EventOptions {
  /** Whether it ends its key. */
  readonly ends?: "closed" | "removed";
  /** Size of its payload: so many filling characters. */
  readonly fill?: number;
  /** What else its payload says; a removal says nothing. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An event as the log stores it, with a payload that names its key and number. */
export function storedEvent(
  channel: Channel,
  seq: number,
  key: string,
  { ends, fill = 0, fields }: EventOptions = {},
): StoredEvent {
  const timeKey = /alerts|warnings/.test(channel) ? "createdAt" : "updatedAt";
  const data = ends === "removed" ? { id: key, removed: true } : {
    id: key,
    n: seq,
    ...fields,
    ...(fill > 0 && { fill: "x".repeat(fill) }),
    [timeKey]: EVENT_TIME,
    timestamp: TEST_EPOCH,
  };
  return {
    channel,
    seq,
    key,
    ...(ends && { ends }),
    timestamp: TEST_EPOCH + seq,
    time: EVENT_TIME,
    data: JSON.stringify(data),
  };
}

/** A reader: the data-plane half of a connection, and what the control plane was told. */
export interface Reader {
  readonly socket: FakeSocket;
  readonly subscriber: Subscriber;
  /** Calls of the control plane, oldest first: `rate_limit`, `slow_consumer`, `recovered`, … */
  readonly calls: (ShedReason | "recovered" | "tooSlow")[];
}

/** Pretends that so many bytes were sent to a reader and are still in its buffer. */
export function fillBuffer(
  { socket, subscriber }: Pick<Reader, "socket" | "subscriber">,
  bytes: number,
): void {
  socket.bufferedAmount = bytes;
  subscriber.buffered = bytes;
}

/** Settings of a reader. */
export interface ReaderOptions {
  /** Events per second; 0, unlimited, when absent. */
  readonly rate?: number;
  /** Its socket; a fresh one that buffers everything when absent. */
  readonly socket?: FakeSocket;
  /** What the control plane does; like a connection, it leaves when it is too slow. */
  readonly control?: Partial<SubscriberControl>;
}

/** Settings of a {@link StreamFixture} that only v2 readers notice. */
export interface FixtureOptions {
  /** Most events in the snapshot of a lossless channel; 50 when absent. */
  readonly snapshotLimit?: number;
  /** Remembers every event, and is read beyond the ring; nothing is when absent. */
  readonly store?: EventArchive;
}

/** What a v2 reader asks of a channel; what is left out is what a plain string would mean. */
export type Asked = Partial<Omit<ChannelSubscription, "channel">>;

/** Time between two batches to v2 readers of a {@link StreamFixture}, in ms. */
export const FLUSH = 50;

/** Every channel with a small ring, and the fan-out over them. */
export class StreamFixture {
  /** Time. */
  readonly clock = new TurnClock();
  /** Every channel's stream. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** What is tested. */
  readonly fanout: Fanout;

  readonly #store: EventArchive | undefined;
  readonly #snapshotLimit: number;

  /** @param ringCapacity Most events in a ring. */
  constructor(ringCapacity = 1_000, { snapshotLimit = 50, store }: FixtureOptions = {}) {
    this.#store = store;
    this.#snapshotLimit = snapshotLimit;
    this.streams = new Map(CHANNELS.map((channel) => {
      const spec = PRODUCT_CHANNELS.get(channel);
      return [channel, ChannelStream.begin(spec, EPOCH, 0, ringCapacity, snapshotLimit)];
    }));
    this.fanout = new Fanout(this.clock, this.streams, {
      flushIntervalMillis: FLUSH,
      ...(store && { store }),
    });
  }

  /** The stream of a channel. */
  stream(channel: Channel): ChannelStream {
    return this.streams.get(channel)!;
  }

  /** The readers of a channel. */
  readers(channel: Channel): ChannelReaders {
    return this.fanout.readersOf(channel);
  }

  /** Appends the next event of a channel; it is sent when the turn ends. */
  append(channel: Channel, key: string, options: EventOptions = {}): StoredEvent {
    const event = storedEvent(channel, this.stream(channel).log.head + 1, key, options);
    this.#store?.keep(event);
    this.fanout.appended(channel, [{ stored: event }]);
    return event;
  }

  /** Appends one event per key, and ends turns until all that can be sent is sent. */
  publish(channel: Channel, keys: readonly string[], options: EventOptions = {}): void {
    for (const key of keys) this.append(channel, key, options);
    this.clock.turns();
  }

  /** Joins a reader without any subscription. */
  reader({ rate = 0, socket = new FakeSocket(), control = {} }: ReaderOptions = {}): Reader {
    const calls: Reader["calls"] = [];
    const now = this.clock.now();
    const subscriber: Subscriber = new Subscriber(socket, new TokenBucket(rate, now), {
      throttled: (reason) => {
        calls.push(reason);
        control.throttled?.(reason);
      },
      recovered: () => {
        calls.push("recovered");
        control.recovered?.();
      },
      tooSlow: () => {
        calls.push("tooSlow");
        if (control.tooSlow) control.tooSlow();
        else this.fanout.remove(subscriber);
      },
    }, now);
    return { socket, subscriber, calls };
  }

  /** The cursor of a reader into a channel. */
  cursor({ subscriber }: Reader, channel: Channel): CursorV1 {
    return subscriber.cursors.get(channel) as CursorV1;
  }

  /** Subscribes as v2 does, and sends what comes first. */
  open({ subscriber }: Reader, channel: Channel, asked: Asked = {}): Start {
    const start = this.subscribe(subscriber, {
      channel,
      snapshot: false,
      intervalMs: 0,
      conflate: false,
      ...asked,
    });
    this.fanout.start(subscriber, channel);
    return start;
  }

  /** Subscribes as v2 does; nothing is sent yet. */
  subscribe(
    subscriber: Subscriber,
    subscription: ChannelSubscription & Pick<CursorRequest, "limit">,
  ): Start {
    const request = { ...subscription, snapshotLimit: this.#snapshotLimit };
    return this.fanout.open(subscriber, openCursorV2, request);
  }

  /** Subscribes as v1 does, with a replay of at most so many events, and sends what comes first. */
  join(subscriber: Subscriber, channel: Channel, replayLimit: number): void {
    this.fanout.open(subscriber, openCursorV1, {
      channel,
      snapshot: replayLimit > 0,
      snapshotLimit: replayLimit,
      intervalMs: 0,
      conflate: false,
    });
    this.fanout.start(subscriber, channel);
  }

  /** The cursor of a v2 reader into a channel. */
  batches({ subscriber }: Reader, channel: Channel): CursorV2 {
    return subscriber.cursors.get(channel) as CursorV2;
  }

  /** Time passes, and all that can be sent is sent. */
  tick(ms: number): void {
    this.clock.advance(ms);
    this.clock.turns();
  }
}

/**
 * Frames in short: the channel's number, `r` before a replayed one, `+n` after one that tells of `n`
 * skipped events: `["r1", "r4", "5", "9+3"]`.
 */
export function short(frames: readonly string[]): string[] {
  return frames.map((frame) => {
    const { replay, meta } = JSON.parse(frame);
    return `${replay === true ? "r" : ""}${meta.seq}${meta.skipped ? `+${meta.skipped}` : ""}`;
  });
}

/** The numbers from `first` to `last`, in short. */
export function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
