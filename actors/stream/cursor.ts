/**
 * A connection's place in a channel: the only per-connection state of the data plane.
 *
 * @module
 */
import type { ShedReason } from "../operations.ts";
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelStream } from "./channel_stream.ts";
import type { CursorGroup } from "./cursor_group.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * Why a cursor stopped.
 *
 * - `current`: it reached the head.
 * - `full`: the socket's buffer is over the mark.
 * - `empty`: the bucket has no token.
 * - `behind`: the next event is no longer in the ring.
 */
export type Outcome = "current" | "full" | "empty" | "behind";

/**
 * The next number to send. How events become frames is the dialect's: each method sends what it may
 * and says why it stopped; the caller decides what follows.
 */
export abstract class Cursor {
  /** The channel. */
  readonly stream: ChannelStream;
  /** Whose place it is. */
  readonly subscriber: Subscriber;
  /** The next number to send. */
  next: number;
  /** With whom it is served; `undefined` when detached. */
  group: CursorGroup | undefined;
  /** Index in the group. */
  slot = -1;

  /** Starts at the head: live from there. */
  constructor(stream: ChannelStream, subscriber: Subscriber) {
    this.stream = stream;
    this.subscriber = subscriber;
    this.next = stream.log.head + 1;
  }

  /** Events behind the head. */
  get lag(): number {
    return this.stream.log.head - this.next + 1;
  }

  /** Live events that it is behind; what a client missed before it came does not count. */
  abstract get liveLag(): number;

  /** The last number up to which the client has been told everything. */
  get reached(): number {
    return this.next - 1;
  }

  /** Whether there may be something to send. */
  abstract get owes(): boolean;

  /** Whether what the client missed before it came is still being sent. */
  abstract get replaying(): boolean;

  /**
   * Sends an event of a metered lane at once, if it is the next one and nothing has to be looked at
   * or decided; `false` leaves it to the methods below.
   */
  sendNext(_event: LoggedEvent, _now: number): boolean {
    return false;
  }

  /** Sends what is left of a replay, unmetered; `current` means that live events may follow. */
  abstract serveReplay(): Outcome;

  /** Sends every event of a lossless channel, up to the hard cap, unmetered. */
  abstract serveLossless(): Outcome;

  /** Sends every event of a keyed or sampled channel while there are tokens and room. */
  abstract serveInOrder(now: number): Outcome;

  /**
   * Sends the latest state of each key after the cursor while there are tokens and room, and counts
   * what that skips.
   *
   * @param reason What the shed events are counted under.
   */
  abstract serveConflated(now: number, reason: ShedReason): Outcome;
}
