/**
 * A connection's position in a channel: the only per-connection state of the data plane.
 *
 * @module
 */
import type { ChannelSubscription } from "../../protocol/v2/client_message.ts";
import type { ShedReason } from "../operations.ts";
import type { EventReader } from "./backlog_reader.ts";
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelReaders } from "./channel_readers.ts";
import type { ChannelStream } from "./channel_stream.ts";
import type { CursorGroup } from "./cursor_group.ts";
import type { RowFilter } from "./row_filter.ts";
import type { Start } from "./start.ts";
import type { Subscriber } from "./subscriber.ts";

/** How a connection wants a channel. */
export interface CursorRequest extends ChannelSubscription {
  /** Most events in a replay, or in the snapshot of a lossless channel in v2. */
  readonly snapshotLimit: number;
  /** What its key may see; everything when absent. */
  readonly limit?: RowFilter | undefined;
}

/** A new cursor, and where it begins. */
export interface OpenedCursor {
  /** The cursor; nothing was sent through it yet. */
  readonly cursor: Cursor;
  /** What the client is told about its place. */
  readonly start: Start;
}

/**
 * Opens a cursor of a dialect.
 *
 * @param store Where lossless channels are read beyond the ring, if they are.
 */
export type OpenCursor = (
  readers: ChannelReaders,
  subscriber: Subscriber,
  request: CursorRequest,
  store: EventReader | undefined,
) => OpenedCursor;

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
  /** All readers of the channel, with their views. */
  readonly readers: ChannelReaders;
  /** With whom it is served; `undefined` when detached. */
  group: CursorGroup | undefined;
  /** Index in the group. */
  slot = -1;

  /** Starts at the head: live from there. */
  constructor(readers: ChannelReaders, subscriber: Subscriber) {
    this.stream = readers.stream;
    this.subscriber = subscriber;
    this.next = this.stream.log.head + 1;
    this.readers = readers;
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
  abstract get hasPending(): boolean;

  /** Whether what the client missed before it came is still being sent. */
  abstract get replaying(): boolean;

  /** Whether it is served at ticks, if the lane allows it; otherwise every event is served at once. */
  abstract get isBatched(): boolean;

  /** Changes how the client wants its events; its place stays. */
  configure(_request: CursorRequest): void {}

  /** Begins with the states of this moment, as a replay or a snapshot. */
  abstract startSnapshot(limit: number): void;

  /**
   * The channel goes on as another sequence, which the stream holds already: goes on where the client
   * loses nothing that is there.
   */
  abstract restart(): void;

  /** The cursor was closed: gives back what it shares with others. */
  release(): void {}

  /**
   * The heartbeat is due: the client is to be told how far the channel has come.
   *
   * @param _heartbeatMillis How often it must be told, in ms; 0 sends all there is.
   * @returns Whether there is something to serve now.
   */
  flushProgress(_heartbeatMillis: number): boolean {
    return false;
  }

  /**
   * Sends an event of a metered lane at once, if it is the next one and nothing has to be checked
   * or decided; `false` leaves it to the methods below.
   */
  sendNext(_event: LoggedEvent, _now: number): boolean {
    return false;
  }

  /** Sends what is left of a replay, unmetered; `current` means that live events may follow. */
  abstract serveReplay(): Outcome;

  /** Sends every event of a lossless channel, up to the hard cap, unmetered. */
  abstract serveLossless(): Outcome;

  /** Sends every event of a conflated lane while there are tokens and room. */
  abstract serveInOrder(now: number): Outcome;

  /**
   * Sends the latest state of each key after the cursor while there are tokens and room, and counts
   * what that skips.
   *
   * @param reason What the shed events are counted under.
   */
  abstract serveConflated(now: number, reason: ShedReason): Outcome;
}
