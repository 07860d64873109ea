/**
 * The data-plane half of a connection: its socket, its rate, its cursors, and how full it is.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { ShedReason } from "../operations.ts";
import type { FrameSink, Socket } from "../ports.ts";
import type { Cursor } from "./cursor.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Buffered bytes at which metered lanes stop sending (64 KiB). */
export const HIGH_WATER_BYTES = 64 * 1024;

/** Buffered bytes below which a connection counts as caught up (16 KiB). */
export const LOW_WATER_BYTES = 16 * 1024;

/** Buffered bytes that nothing may exceed (256 KiB). */
export const HARD_CAP_BYTES = 256 * 1024;

/** What the data plane reports to the control plane; at most a few times a second. */
export interface SubscriberControl {
  /** From now on states and prices are conflated. */
  throttled(reason: ShedReason): void;
  /** Back to streaming. */
  recovered(): void;
  /** A lossless lane can no longer be served without a hole. */
  tooSlow(): void;
}

/**
 * The data-plane half of a connection. What {@link Subscriber.sendAtOnce} reads comes first and
 * lies together: with a thousand clients each line of memory has left the cache by the next event,
 * and fetching it is a tenth of what a frame costs in JavaScript.
 */
export class Subscriber {
  readonly #sink: FrameSink;
  /** Most bytes in the socket's buffer: read now and then, then counted up with what is sent. */
  buffered = 0;
  /** Events delivered. */
  eventsSent = 0;
  /** Why it is conflated; `undefined` while it is streamed. */
  throttle: ShedReason | undefined;
  #isLimited: boolean;
  /** The outbound rate; see {@link Subscriber.limitRate}. */
  bucket: TokenBucket;
  /** Where frames go. */
  readonly socket: Socket;
  /** The control-plane half. */
  readonly control: SubscriberControl;
  /** One cursor per subscribed channel. */
  readonly cursors = new Map<Channel, Cursor>();
  /** The slice in which {@link Subscriber.buffered} was read. */
  slice = -1;
  /** When it was throttled, monotonic ms. */
  throttledAt = 0;
  /** Since when it is behind for its full buffer, monotonic ms; `undefined` when it is not parked. */
  parkedAt: number | undefined;
  /** Whether it left the fan-out; nothing is sent to it any more. */
  removed = false;
  /** Events skipped: conflated or shed. */
  eventsSkipped = 0;
  /** Whether the peer was seen to read since {@link Subscriber.stalledFor} last took notice. */
  #hasRead = false;
  /** When {@link Subscriber.stalledFor} last saw that the peer reads, monotonic ms. */
  #readAt: number;

  /** Joins a socket, a rate and the control plane; `now` is monotonic ms. */
  constructor(socket: Socket, bucket: TokenBucket, control: SubscriberControl, now: number) {
    this.#sink = socket.sink;
    this.#isLimited = bucket.rate > 0;
    this.socket = socket;
    this.bucket = bucket;
    this.control = control;
    this.#readAt = now;
  }

  /**
   * Changes the outbound rate.
   *
   * @param rate Metered frames a second; 0 is unlimited.
   * @param now Monotonic time in ms.
   */
  limitRate(rate: number, now: number): void {
    if (rate === this.bucket.rate) return;
    this.#isLimited = rate > 0;
    this.bucket = new TokenBucket(rate, now);
  }

  /** Sends a frame whose size is known. */
  send(frame: string, bytes: number): void {
    this.socket.send(frame);
    this.buffered += bytes;
  }

  /**
   * Sends an event of a metered lane, if nothing has to be checked before: the client is streamed,
   * its buffer stays under the low-water mark, and there is a token.
   *
   * @param now Monotonic time in ms.
   * @returns Whether it was sent.
   */
  sendAtOnce(frame: string, bytes: number, now: number): boolean {
    if (this.throttle !== undefined || this.buffered + bytes >= LOW_WATER_BYTES) return false;
    if (this.#isLimited && !this.bucket.take(now)) return false;
    try {
      this.#sink.send(frame);
    } catch {
      return false; // The socket's own `send` handles the error.
    }
    this.buffered += bytes;
    this.eventsSent += 1;
    return true;
  }

  /**
   * Whether a metered frame of so many bytes waits. One may cross the mark, so that a peer which stops
   * reading is seen to stay above it.
   */
  isFull(bytes: number): boolean {
    return this.buffered >= HIGH_WATER_BYTES || this.exceedsHardCap(bytes);
  }

  /** Whether so many bytes more would be over what nothing may exceed. */
  exceedsHardCap(bytes: number): boolean {
    return this.buffered + bytes > HARD_CAP_BYTES;
  }

  /**
   * Whether a frame of so many bytes can be sent now without exceeding the hard cap. The buffer is
   * read only where what was sent since the last reading may have passed the low-water mark.
   */
  fits(bytes: number): boolean {
    if (this.buffered + bytes > LOW_WATER_BYTES) this.readBuffer();
    return !this.exceedsHardCap(bytes);
  }

  /**
   * Reads how much is in the socket's buffer. Less than was known to be sent means that the peer took
   * some: a shrinking buffer would not tell, as new frames hide that it shrinks.
   */
  readBuffer(): void {
    const { bufferedAmount } = this.socket;
    if (bufferedAmount < this.buffered) this.#hasRead = true;
    this.buffered = bufferedAmount;
    // A peer that empties its buffer is not slow, however much there is for it.
    if (bufferedAmount < LOW_WATER_BYTES) this.parkedAt = undefined;
  }

  /**
   * For how long the peer has taken nothing although something waits for it, in ms: that, or a time
   * below `trustMillis`, for which a peer that was seen to read is trusted without another reading.
   */
  stalledFor(now: number, trustMillis: number): number {
    const unseen = now - this.#readAt;
    if (this.buffered > 0) {
      if (unseen < trustMillis) return unseen;
      this.readBuffer();
    }
    if (this.buffered > 0 && !this.#hasRead) return unseen;
    this.#hasRead = false;
    this.#readAt = now;
    return 0;
  }
}
