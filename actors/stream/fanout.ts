/**
 * Fan-out: carries every cursor to the head of its channel, in slices, most important lanes first.
 *
 * Telemetry never passes through an actor. The control plane hears of a connection only when it
 * changes between streamed and conflated, or can no longer be served honestly.
 *
 * @module
 */
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { ShedReason } from "../operations.ts";
import type { Clock, StoredEvent } from "../ports.ts";
import type { ChannelStream } from "./channel_stream.ts";
import { Cursor } from "./cursor.ts";
import { type Outcome, serveConflated, serveInOrder, serveLossless, serveReplay } from "./lanes.ts";
import { LOW_WATER_BYTES, type Subscriber } from "./subscriber.ts";

/** Longest uninterrupted stretch of sending, in ms. */
export const SLICE_MILLIS = 5;

/** How long a connection may be behind for its full buffer before it is conflated, in ms. */
export const PARK_MILLIS = 250;

/** Time between two looks at parked connections, in ms: a healthy peer empties its buffer in 3. */
export const LOOK_MILLIS = 5;

/** Shortest conflation, in ms. */
export const MIN_THROTTLE_MILLIS = 250;

/** Share of the bucket that must be filled before streaming resumes. */
export const RECOVERY_LEVEL = 0.25;

/** Most events that a lossless cursor may be behind. */
export const MAX_LOSSLESS_LAG = 10_000;

/** Frames between two looks at the clock: about 0.2 ms of sending. */
const FRAMES_PER_LOOK = 16;

/** Progress through the cursors of one channel. */
interface Pass {
  readonly stream: ChannelStream;
  /** Index of the next cursor. */
  position: number;
  /** Whether there is anything to do. */
  due: boolean;
  /** Whether to start over at the end, as an event or a removal came in between. */
  again: boolean;
}

/** Distributes the events of all channels. */
export class Fanout {
  readonly #clock: Clock;
  readonly #passes: readonly Pass[];
  readonly #streams: ReadonlyMap<Channel, ChannelStream>;
  readonly #held = new Set<Subscriber>();
  /** The held subscribers that are still to be looked at in this round, from the end. */
  readonly #round: Subscriber[] = [];
  #lookScheduled = false;
  #slice = 0;
  #scheduled = false;

  /** Takes the clock and one stream per channel. */
  constructor(clock: Clock, streams: ReadonlyMap<Channel, ChannelStream>) {
    this.#clock = clock;
    this.#streams = streams;
    this.#passes = CHANNELS.map((channel) => ({
      stream: streams.get(channel)!,
      position: 0,
      due: false,
      again: false,
    }));
  }

  /** Subscribers that are parked or conflated. */
  get held(): number {
    return this.#held.size;
  }

  /** Appends committed events and sees that they are sent at the end of this turn. */
  append(events: readonly StoredEvent[]): void {
    const now = this.#clock.now();
    for (const event of events) {
      this.#streams.get(event.channel)!.append(event, now);
      this.#markDue(event.channel);
    }
    this.#schedule();
  }

  /**
   * Subscribes to a channel, or asks for its replay again, and sends what can be sent at once.
   *
   * @param replayLimit Most events replayed; 0 replays nothing.
   */
  subscribe(subscriber: Subscriber, channel: Channel, replayLimit: number): void {
    let cursor = subscriber.cursors.get(channel);
    if (cursor === undefined) {
      const stream = this.#streams.get(channel)!;
      cursor = new Cursor(stream, subscriber);
      subscriber.cursors.set(channel, cursor);
      stream.attach(cursor);
    }
    if (replayLimit > 0) cursor.startReplay(replayLimit);
    this.#slice += 1;
    this.#serve(cursor, this.#clock.now());
  }

  /** Ends a subscription; what was not sent by then is not sent. */
  unsubscribe(subscriber: Subscriber, channel: Channel): void {
    const cursor = subscriber.cursors.get(channel);
    if (cursor === undefined) return;
    subscriber.cursors.delete(channel);
    cursor.stream.detach(cursor);
    // The last cursor moved into the freed slot: a pass under way might have stepped over it.
    const pass = this.#passes[CHANNELS.indexOf(channel)]!;
    if (pass.due) pass.again = true;
    if (subscriber.cursors.size > 0) return;
    subscriber.throttle = undefined;
    subscriber.parkedAt = undefined;
    this.#held.delete(subscriber);
  }

  /** Ends every subscription of a connection. */
  remove(subscriber: Subscriber): void {
    subscriber.removed = true;
    for (const channel of [...subscriber.cursors.keys()]) this.unsubscribe(subscriber, channel);
  }

  /** Looks again at every subscriber that is parked or conflated. Called on the process's ticker. */
  tick(): void {
    if (this.#held.size === 0 || this.#round.length > 0) return;
    this.#round.push(...this.#held);
    this.#schedule();
  }

  /** Looks again soon at subscribers that are parked, so that bursts flow as fast as they are read. */
  #scheduleLook(): void {
    if (this.#lookScheduled) return;
    this.#lookScheduled = true;
    this.#clock.setTimeout(() => {
      this.#lookScheduled = false;
      if (this.#round.length > 0) return;
      for (const subscriber of this.#held) {
        if (subscriber.throttle === undefined) this.#round.push(subscriber);
      }
      if (this.#round.length > 0) this.#schedule();
    }, LOOK_MILLIS);
  }

  #markDue(channel: Channel): void {
    const pass = this.#passes[CHANNELS.indexOf(channel)]!;
    if (pass.position > 0) pass.again = true;
    pass.due = true;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.defer(() => {
      this.#scheduled = false;
      if (!this.#runSlice()) this.#schedule();
    });
  }

  /** Works until all is done (`true`) or the slice is over (`false`): lossless lanes first. */
  #runSlice(): boolean {
    this.#slice += 1;
    const until = this.#clock.now() + SLICE_MILLIS;
    for (const pass of this.#passes) {
      if (pass.stream.lane !== "lossless" && !this.#runRound(until)) return false;
      if (!this.#runPass(pass, until)) return false;
    }
    return true;
  }

  #runRound(until: number): boolean {
    for (let subscriber = this.#round.pop(); subscriber; subscriber = this.#round.pop()) {
      const now = this.#clock.now();
      this.#revisit(subscriber, now);
      if (now >= until) return false;
    }
    return true;
  }

  #runPass(pass: Pass, until: number): boolean {
    const { stream } = pass;
    let now = this.#clock.now();
    let lookAt = stream.sent + FRAMES_PER_LOOK;
    while (pass.due) {
      while (pass.position < stream.cursors.length) {
        this.#serve(stream.cursors[pass.position]!, now);
        pass.position += 1;
        if (stream.sent < lookAt) continue;
        lookAt = stream.sent + FRAMES_PER_LOOK;
        now = this.#clock.now();
        if (now >= until) return false;
      }
      pass.position = 0;
      pass.due = pass.again;
      pass.again = false;
    }
    return true;
  }

  #serve(cursor: Cursor, now: number): Outcome {
    const { subscriber, stream } = cursor;
    if (cursor.next > stream.log.head && cursor.replay.length === 0) return "current";
    this.#measure(subscriber);
    let outcome: Outcome = cursor.replay.length > 0 ? serveReplay(cursor) : "current";
    if (outcome === "current") outcome = this.#serveLane(cursor, now);
    if (outcome === "full") this.#park(subscriber, now);
    return outcome;
  }

  #serveLane(cursor: Cursor, now: number): Outcome {
    const { subscriber, stream } = cursor;
    if (stream.lane === "lossless") return this.#serveLossless(cursor);
    if (subscriber.throttle !== undefined) return "empty";
    let outcome = serveInOrder(cursor, now);
    if (outcome === "behind") outcome = serveConflated(cursor, now, "ring_overrun");
    if (outcome === "empty") this.#throttle(subscriber, "rate_limit", now);
    return outcome;
  }

  #serveLossless(cursor: Cursor): Outcome {
    const outcome = serveLossless(cursor);
    if (outcome === "behind" || cursor.lag > MAX_LOSSLESS_LAG) {
      cursor.subscriber.control.tooSlow();
    }
    return outcome;
  }

  #revisit(subscriber: Subscriber, now: number): void {
    if (subscriber.removed) return;
    if (subscriber.throttle !== undefined) {
      this.#conflate(subscriber, subscriber.throttle, now);
      this.#recover(subscriber, now);
    } else if (!this.#serveAll(subscriber, now)) {
      subscriber.parkedAt = undefined;
      if (subscriber.throttle === undefined) this.#held.delete(subscriber);
    } else if (now - subscriber.parkedAt! >= PARK_MILLIS) {
      this.#throttle(subscriber, "slow_consumer", now);
    } else {
      this.#scheduleLook();
    }
  }

  /** Serves every cursor, most important lanes first; whether one is held up by the buffer. */
  #serveAll(subscriber: Subscriber, now: number): boolean {
    let full = false;
    for (const channel of CHANNELS) {
      const cursor = subscriber.cursors.get(channel);
      if (cursor !== undefined && this.#serve(cursor, now) === "full") full = true;
    }
    return full;
  }

  #conflate(subscriber: Subscriber, reason: ShedReason, now: number): void {
    this.#measure(subscriber);
    this.#serveAll(subscriber, now);
    for (const channel of CHANNELS) {
      const cursor = subscriber.cursors.get(channel);
      if (cursor?.stream.latest === undefined || cursor.replay.length > 0) continue;
      serveConflated(cursor, now, reason);
    }
  }

  #recover(subscriber: Subscriber, now: number): void {
    const rested = now - subscriber.throttledAt >= MIN_THROTTLE_MILLIS;
    const drained = subscriber.socket.bufferedAmount < LOW_WATER_BYTES;
    if (!rested || !drained || subscriber.bucket.level(now) < RECOVERY_LEVEL) return;
    subscriber.throttle = undefined;
    this.#held.delete(subscriber);
    subscriber.control.recovered();
    // What conflation had no token or room for must not wait for the next event.
    this.#serveAll(subscriber, now);
  }

  /** Reads the buffer once a slice: it counts what this turn sent, so twice would be in vain. */
  #measure(subscriber: Subscriber): void {
    if (subscriber.slice === this.#slice) return;
    subscriber.slice = this.#slice;
    subscriber.buffered = subscriber.socket.bufferedAmount;
    // A peer that empties its buffer is not slow, however much there is for it.
    if (subscriber.buffered < LOW_WATER_BYTES) subscriber.parkedAt = undefined;
  }

  #park(subscriber: Subscriber, now: number): void {
    if (subscriber.removed || subscriber.throttle !== undefined) return;
    subscriber.parkedAt ??= now;
    this.#held.add(subscriber);
    this.#scheduleLook();
  }

  #throttle(subscriber: Subscriber, reason: ShedReason, now: number): void {
    if (subscriber.removed || subscriber.throttle !== undefined) return;
    subscriber.throttle = reason;
    subscriber.throttledAt = now;
    subscriber.parkedAt = undefined;
    this.#held.add(subscriber);
    subscriber.control.throttled(reason);
  }
}
