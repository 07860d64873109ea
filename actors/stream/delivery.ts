/**
 * Serves cursors, and decides what follows from how each one stopped: parked, conflated, read from
 * the store, or given up.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { ShedReason } from "../operations.ts";
import type { Clock } from "../ports.ts";
import { CoalescedCall } from "../coalesced_call.ts";
import { BacklogReader, type EventReader } from "./backlog_reader.ts";
import type { Cursor, Outcome } from "./cursor.ts";
import type { CursorGroup } from "./cursor_group.ts";
import { LOW_WATER_BYTES, type Subscriber } from "./subscriber.ts";

/** How long a connection may be behind for its full buffer before it is conflated, in ms. */
export const PARK_MILLIS = 250;

/** Time between two polls of parked connections, in ms: a healthy peer empties its buffer in 3. */
export const PARKED_POLL_MILLIS = 5;

/** Shortest conflation, in ms. */
export const MIN_THROTTLE_MILLIS = 250;

/** Share of the bucket that must be filled before streaming resumes. */
export const RECOVERY_LEVEL = 0.25;

/** Most live events that a lossless cursor may be behind. */
export const MAX_LOSSLESS_LAG = 10_000;

/** What a {@link Delivery} works with. */
export interface DeliveryDeps {
  /** Time. */
  readonly clock: Clock;
  /** Asks for a slice in which {@link Delivery.runRound} is called. */
  readonly schedule: () => void;
  /** The channels in the order in which they are served: lossless lanes first. */
  readonly channels: readonly Channel[];
  /** Time between two ticks, in ms; there are none while nobody waits. */
  readonly tickMillis: number;
  /** Where lossless channels are read beyond the ring; without it there is nothing. */
  readonly store?: EventReader | undefined;
}

/** Carries single cursors forward. */
export class Delivery {
  readonly #clock: Clock;
  readonly #schedule: () => void;
  readonly #channels: readonly Channel[];
  readonly #tickMillis: number;
  readonly #reader: BacklogReader | undefined;
  readonly #held = new Set<Subscriber>();
  /** The held subscribers that are still to be served in this round, from the end. */
  readonly #round: Subscriber[] = [];
  /** Lossless groups with a cursor that waits for room. */
  readonly #waitingForRoom = new Set<CursorGroup>();
  readonly #ticks: CoalescedCall;
  readonly #polls: CoalescedCall;
  #slice = 0;

  /** Starts with nobody held. */
  constructor({ clock, schedule, channels, tickMillis, store }: DeliveryDeps) {
    this.#clock = clock;
    this.#schedule = schedule;
    this.#channels = channels;
    this.#tickMillis = tickMillis;
    this.#ticks = new CoalescedCall(clock, () => this.#tick());
    this.#polls = new CoalescedCall(clock, () => this.#poll());
    // In slices like everything else: hundreds may have waited for the same page.
    this.#reader = store && new BacklogReader(store, (cursor) => {
      cursor.group?.markDue();
      schedule();
    });
  }

  /** Subscribers that are parked or conflated. */
  get held(): number {
    return this.#held.size;
  }

  /** From now on buffers are read anew: what was sent before has had time to leave. */
  beginSlice(): void {
    this.#slice += 1;
  }

  /** Sends what a cursor may send. */
  serve(cursor: Cursor, now: number): Outcome {
    if (!cursor.hasPending) return "current";
    const { subscriber } = cursor;
    this.#measure(subscriber);
    let outcome: Outcome = cursor.replaying ? cursor.serveReplay() : "current";
    if (outcome === "current") outcome = this.#serveLane(cursor, now);
    if (outcome === "full") this.#park(cursor, now);
    if (cursor.stream.lane === "lossless") this.#reachBack(cursor, outcome);
    return outcome;
  }

  /** Serves held subscribers until all were served (`true`) or the time is over (`false`). */
  runRound(until: number): boolean {
    for (let subscriber = this.#round.pop(); subscriber; subscriber = this.#round.pop()) {
      const now = this.#clock.now();
      this.#revisit(subscriber, now);
      if (now >= until) return false;
    }
    return true;
  }

  /** A subscriber has no cursor any more. */
  release(subscriber: Subscriber): void {
    subscriber.throttle = undefined;
    subscriber.parkedAt = undefined;
    this.#held.delete(subscriber);
  }

  #serveLane(cursor: Cursor, now: number): Outcome {
    const { subscriber, stream } = cursor;
    if (stream.lane === "lossless") return cursor.serveLossless();
    if (subscriber.throttle !== undefined) return "empty";
    let outcome = cursor.serveInOrder(now);
    if (outcome === "behind") outcome = cursor.serveConflated(now, "ring_overrun");
    if (outcome === "empty") this.#throttle(subscriber, "rate_limit", now);
    return outcome;
  }

  /** What a lossless channel has lost from its ring is in the store, or nowhere. */
  #reachBack(cursor: Cursor, outcome: Outcome): void {
    const gone = outcome === "behind" && this.#reader === undefined;
    if (gone || cursor.liveLag > MAX_LOSSLESS_LAG) cursor.subscriber.control.tooSlow();
    else if (outcome === "behind") this.#wait(cursor);
  }

  #wait(cursor: Cursor): void {
    this.#reader!.wait(cursor);
    this.#scheduleTick();
  }

  #hold(subscriber: Subscriber): void {
    this.#held.add(subscriber);
    this.#scheduleTick();
  }

  /** Ticks while any subscriber is parked or throttled, or a cursor waits for the store. */
  #scheduleTick(): void {
    const now = this.#clock.now();
    this.#ticks.at(now + this.#tickMillis, now);
  }

  #tick(): void {
    if (this.#held.size > 0 || this.#reader?.isWaitedFor) this.#scheduleTick();
    this.#reader?.tick();
    if (this.#held.size === 0 || this.#round.length > 0) return;
    this.#round.push(...this.#held);
    this.#schedule();
  }

  /**
   * Serves parked subscribers again, so that bursts flow as fast as they are read. Lossless passes
   * begin anew for it: one who has room again does not wait for those behind.
   */
  #poll(): void {
    if (this.#waitingForRoom.size > 0) {
      for (const group of this.#waitingForRoom) group.markDue();
      this.#waitingForRoom.clear();
      this.#schedule();
    }
    if (this.#round.length > 0) return;
    for (const subscriber of this.#held) {
      if (subscriber.throttle === undefined) this.#round.push(subscriber);
    }
    if (this.#round.length > 0) this.#schedule();
  }

  #schedulePoll(now: number): void {
    this.#polls.at(now + PARKED_POLL_MILLIS, now);
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
      this.#schedulePoll(now);
    }
  }

  /** Serves every cursor, most important lanes first; whether one is held up by the buffer. */
  #serveAll(subscriber: Subscriber, now: number): boolean {
    let full = false;
    for (const channel of this.#channels) {
      const cursor = subscriber.cursors.get(channel);
      if (cursor !== undefined && this.serve(cursor, now) === "full") full = true;
    }
    return full;
  }

  #conflate(subscriber: Subscriber, reason: ShedReason, now: number): void {
    this.#measure(subscriber);
    this.#serveAll(subscriber, now);
    for (const channel of this.#channels) {
      const cursor = subscriber.cursors.get(channel);
      if (cursor?.stream.latest === undefined || cursor.replaying) continue;
      cursor.serveConflated(now, reason);
    }
  }

  #recover(subscriber: Subscriber, now: number): void {
    if (subscriber.removed) return; // It was too slow for what it has just been sent.
    const rested = now - subscriber.throttledAt >= MIN_THROTTLE_MILLIS;
    const drained = subscriber.socket.bufferedAmount < LOW_WATER_BYTES;
    if (!rested || !drained || subscriber.bucket.level(now) < RECOVERY_LEVEL) return;
    subscriber.throttle = undefined;
    this.#held.delete(subscriber);
    subscriber.control.recovered();
    // What conflation had no token or room for must not wait for the next event.
    this.#serveAll(subscriber, now);
  }

  /**
   * Reads the buffer where it may matter: below the low-water mark it does not, and what was sent
   * since the last reading is an upper bound. Once a slice is enough, as the buffer counts what this
   * turn sent. A reading costs half as much as sending a frame.
   */
  #measure(subscriber: Subscriber): void {
    if (subscriber.buffered < LOW_WATER_BYTES || subscriber.slice === this.#slice) return;
    subscriber.slice = this.#slice;
    subscriber.readBuffer();
  }

  #park({ subscriber, stream, group }: Cursor, now: number): void {
    if (subscriber.removed || subscriber.throttle !== undefined) return;
    subscriber.parkedAt ??= now;
    if (stream.lane === "lossless" && group !== undefined) this.#waitingForRoom.add(group);
    this.#hold(subscriber);
    this.#schedulePoll(now);
  }

  #throttle(subscriber: Subscriber, reason: ShedReason, now: number): void {
    if (subscriber.removed || subscriber.throttle !== undefined) return;
    subscriber.throttle = reason;
    subscriber.throttledAt = now;
    subscriber.parkedAt = undefined;
    this.#hold(subscriber);
    subscriber.control.throttled(reason);
  }
}
