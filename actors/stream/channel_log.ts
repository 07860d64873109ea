/**
 * The ring of a channel: its newest events, shared by every connection.
 *
 * @module
 */
import type { EventAttributes } from "../../protocol/events/attributes.ts";
import type { StoredEvent } from "../ports.ts";
import type { TimeKey } from "../../protocol/v1/event_frame.ts";
import { EncodedEvent, type LoggedEvent, SpareFrames } from "./logged_event.ts";

export type { LoggedEvent } from "./logged_event.ts";

/** Most bytes a ring holds, counting what is kept of each event (32 MiB). */
export const MAX_RING_BYTES = 32 * 1024 * 1024;

/** A ring buffer of consecutive events, bounded in events and in bytes. */
export class ChannelLog {
  /** Identity of the sequence. */
  readonly epoch: string;
  readonly #slots: (EncodedEvent | undefined)[];
  readonly #frames: SpareFrames;
  readonly #maxBytes: number;
  #head: number;
  #oldest: number;
  #bytes = 0;

  /**
   * Starts empty, behind the head.
   *
   * @param epoch Identity of the sequence.
   * @param head Number of the last event before this log; 0 for a new sequence.
   * @param capacity Most events kept, at least 1.
   * @param maxBytes Most bytes kept; the newest event stays in any case.
   * @param timeInMeta The time field that v1 frames carry in `meta`, if they do.
   */
  constructor(
    epoch: string,
    head: number,
    capacity: number,
    maxBytes: number = MAX_RING_BYTES,
    timeInMeta?: TimeKey,
  ) {
    this.epoch = epoch;
    this.#frames = new SpareFrames(epoch, timeInMeta);
    this.#slots = new Array(capacity).fill(undefined);
    this.#maxBytes = maxBytes;
    this.#head = head;
    this.#oldest = head + 1;
  }

  /** Number of the last event; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** Number of the oldest event still held; head + 1 when the ring is empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Most events held. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Events held. */
  get size(): number {
    return this.#head - this.#oldest + 1;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends the next event, encoding it, and evicts what no longer fits.
   *
   * @param attributes What filters read of it, as far as it is known.
   * @throws {RangeError} When its number is not head + 1: a hole would be a lie to every client.
   */
  append(stored: StoredEvent, attributes?: EventAttributes): LoggedEvent {
    if (stored.seq !== this.#head + 1) {
      throw new RangeError(`event ${stored.seq} does not follow ${this.#head}`);
    }
    if (this.size === this.#slots.length) this.#evict();
    const event = new EncodedEvent(stored, this.#frames, this.#frames.encode(stored), attributes);
    this.#slots[stored.seq % this.#slots.length] = event;
    this.#head = stored.seq;
    this.#bytes += weight(event);
    while (this.#bytes > this.#maxBytes && this.size > 1) this.#evict();
    return event;
  }

  /** An event of this channel that is not in the ring; it is encoded when it is sent. */
  beyond(stored: StoredEvent): LoggedEvent {
    return new EncodedEvent(stored, this.#frames);
  }

  /** The event of a number, or `undefined` when the ring does not hold it. */
  get(seq: number): LoggedEvent | undefined {
    if (seq < this.#oldest || seq > this.#head) return undefined;
    return this.#slots[seq % this.#slots.length];
  }

  #evict(): void {
    const slot = this.#oldest % this.#slots.length;
    const event = this.#slots[slot];
    if (event !== undefined) {
      this.#bytes -= weight(event);
      event.releaseFrame();
    }
    this.#slots[slot] = undefined;
    this.#oldest += 1;
  }
}

/** What an event costs in the ring: its stored JSON and its frame. */
function weight(event: LoggedEvent): number {
  return event.stored.data.length + event.v1.bytes;
}
