/**
 * A channel as a log: every event, in order, or an error that says what is missing.
 *
 * @module
 */
import { admits, type Demand } from "./demand.ts";
import { Gap, type GapReason, type StreamPosition, type TelemetryError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import type { FeedUser } from "./feed_user.ts";
import type { Channel, ChannelData, EventsFrame, Filter, WireEvent } from "./wire_types.ts";

/** Most events that wait for a reader: more are left at the gateway, and fetched when it is ready. */
export const MAX_WAITING = 10_000;

/** Where a log begins, and what is in it. */
export interface LogOptions {
  /** The last place that is known: everything after it comes. Without it, what happens from now on. */
  readonly since?: StreamPosition;
  /** Which events; all when absent. */
  readonly filter?: Filter;
}

/** An event of a log. */
export interface LogEvent<Data> {
  /** The `since` of a log that goes on after this event. */
  readonly place: StreamPosition;
  readonly seq: number;
  /** When the gateway accepted it, epoch ms of the gateway. */
  readonly acceptedAt: number;
  /** What happened; `{id, removed: true}` where a state was taken out of its channel. */
  readonly data: Data;
}

/**
 * See the module. An async iterator: one reader takes the events. Leaving its loop ends it; it can be
 * gone on with by another log that has its {@link EventLog.place} as `since`.
 */
export class EventLog<C extends Channel>
  implements AsyncIterableIterator<LogEvent<ChannelData[C]>> {
  readonly channel: C;
  readonly #feed: Feed;
  readonly #filter: Filter | undefined;
  readonly #user: FeedUser;
  readonly #waiting: LogEvent<ChannelData[C]>[] = [];
  readonly #readers: PromiseWithReject<IteratorResult<LogEvent<ChannelData[C]>>>[] = [];
  /** How far the log has come in, events that wait included. */
  #reached: StreamPosition | undefined;
  #read: StreamPosition | undefined;
  #paused = false;
  #end: TelemetryError | "done" | undefined;

  /** Begins; `gateway.log()` makes one. */
  constructor(channel: C, { since, filter }: LogOptions, feed: Feed) {
    this.channel = channel;
    this.#feed = feed;
    this.#filter = filter;
    this.#reached = this.#read = since && { epoch: since.epoch, seq: since.seq };
    const demand: Demand = filter === undefined ? {} : { filter };
    const reached = () => this.#reached;
    const paused = () => this.#paused;
    this.#user = {
      demand,
      takesSnapshots: false,
      get place() {
        return reached();
      },
      get paused() {
        return paused();
      },
      begin: (place) => this.#reached = this.#read = place,
      reset: () => {},
      apply: (frame, shared) => this.#apply(frame, shared),
      freshen: () => {},
      resynced: () => {},
      gap: (reason, resumeAt) => this.#gap(reason, resumeAt),
      fail: (error) => this.#finish(error.code === "closed" ? "done" : error),
    };
    feed.add(this.#user);
  }

  /** How far the reader is: the `since` to go on with. `undefined` before the log has begun. */
  get place(): StreamPosition | undefined {
    return this.#read;
  }

  /**
   * The next event.
   *
   * @throws {Gap} When an event before the next one cannot be had. The log ends with it.
   * @throws {TelemetryError} When the connection ended for good.
   */
  next(): Promise<IteratorResult<LogEvent<ChannelData[C]>>> {
    const event = this.#waiting.shift();
    if (event !== undefined) {
      this.#read = this.#waiting.length === 0 && !this.#isEnded ? this.#reached : event.place;
      this.#resume();
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end === "done") return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) {
      const error = this.#end;
      this.#end = "done";
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Ends it: what waits is dropped. */
  return(): Promise<IteratorResult<LogEvent<ChannelData[C]>>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends it: what waits is dropped, and its {@link EventLog.place} stays before that. */
  close(): void {
    this.#waiting.length = 0;
    this.#finish("done");
    this.#feed.remove(this.#user);
  }

  /** {@inheritDoc EventLog} */
  [Symbol.asyncIterator](): this {
    return this;
  }

  get #isEnded(): boolean {
    return this.#end !== undefined;
  }

  #apply({ to, skipped, events }: EventsFrame, shared: boolean): void {
    const { epoch, seq } = this.#reached!;
    const fresh = events[0] !== undefined && events[0].seq > seq
      ? events
      : events.filter((event) => event.seq > seq);
    // A frame that begins before this position does not say which of its numbers were skipped.
    if (skipped > 0 && fresh.length < to - seq) {
      this.#feed.remove(this.#user);
      return this.#gap("skipped", { epoch, seq: to });
    }
    this.#reached = { epoch, seq: to };
    for (const event of fresh) {
      if (shared && !admits(this.#filter, this.channel, event.data)) continue;
      this.#push(event, epoch);
      if (this.#isEnded) return; // Its reader has left.
    }
    if (this.#waiting.length === 0) this.#read = this.#reached;
    if (this.#waiting.length >= MAX_WAITING) this.#paused = true;
  }

  #push({ seq, timestamp, data }: WireEvent, epoch: string): void {
    const state = data as unknown as ChannelData[C];
    const value = { place: { epoch, seq }, seq, acceptedAt: timestamp, data: state };
    const reader = this.#readers.shift();
    if (reader === undefined) this.#waiting.push(value);
    else {
      this.#read = value.place;
      reader.resolve({ done: false, value });
    }
  }

  #gap(reason: GapReason, resumeAt: StreamPosition): void {
    this.#finish(new Gap(reason, this.#reached ?? resumeAt, resumeAt));
  }

  /** What waits is still read before the error. */
  #finish(end: TelemetryError | "done"): void {
    if (this.#isEnded) return;
    const [first, ...others] = this.#readers.splice(0);
    this.#end = first === undefined ? end : "done";
    if (end === "done") first?.resolve({ done: true, value: undefined });
    else first?.reject(end);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  /** A reader that has caught up with half of what waited is ready for more. */
  #resume(): void {
    if (!this.#paused || this.#waiting.length > MAX_WAITING / 2) return;
    this.#paused = false;
    this.#feed.replan();
  }
}

interface PromiseWithReject<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}
