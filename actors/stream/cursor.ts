/**
 * A connection's place in a channel: the only per-connection state of the data plane.
 *
 * @module
 */
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelStream } from "./channel_stream.ts";
import type { Subscriber } from "./subscriber.ts";

/** The next number to send, and what is owed before it. */
export class Cursor {
  /** The channel. */
  readonly stream: ChannelStream;
  /** Whose place it is. */
  readonly subscriber: Subscriber;
  /** The next number to send. */
  next: number;
  /** Replayed events still to be sent before live ones, from {@link Cursor.replayed} on. */
  replay: readonly LoggedEvent[] = [];
  /** How many of {@link Cursor.replay} were sent. */
  replayed = 0;
  /** Events skipped since the last delivered one: the next `meta.skipped`. */
  skipped = 0;
  /** Index in the stream's list of cursors; -1 when detached. */
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

  /**
   * Sends the snapshot before what follows: the states up to the last number already sent. What is
   * newer arrives through the cursor, so nothing comes twice and an ended key still ends.
   */
  startReplay(limit: number): void {
    this.replay = this.stream.replay(limit, this.next - 1);
    this.replayed = 0;
  }
}
