/**
 * An event in the data plane, and its v1 frame as long as it is needed.
 *
 * A frame holds the payload a second time. Events of the ring are what everybody is sent, so theirs
 * is made once and kept. A latest state outlives the ring by days, and is rarely sent again:
 * its frame is let go when the event leaves the ring and made anew for a replay; a few of those are
 * kept, as many clients come back at once.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { FilterFields } from "../../protocol/channels.ts";
import type { StoredEvent } from "../ports.ts";
import { encodeEventV1, type FrameV1, type TimeKey } from "../../protocol/v1/event_frame.ts";
import { type EventAttributes, readAttributes } from "../../protocol/events/attributes.ts";

/** Most bytes of frames that are kept of a channel's events beyond the ring (1 MiB). */
export const MAX_SPARE_FRAME_BYTES = 1024 * 1024;

/** Made once, as `Buffer.byteLength` is looked up by name. */
const byteLength = (text: string): number => Buffer.byteLength(text);

/** An event in the log. */
export interface LoggedEvent {
  /** The event as stored. */
  readonly stored: StoredEvent;
  /** Its position in the sequence, from 1. */
  readonly seq: number;
  /** Its v1 form; made when it is asked for, if it was let go. */
  readonly v1: FrameV1;
  /** Bytes of memory that {@link StoredEvent.data} takes. */
  readonly dataBytes: number;
  /**
   * The fields that filters read. They come with what this process accepted; of what was read from
   * the store they are parsed when the first filter needs them.
   */
  attributes: EventAttributes | undefined;
  /** The removal that it is to the holder whose position it takes away; made when first needed. */
  departure?: LoggedEvent | undefined;
}

/** Frames of events beyond the ring; forgets all of them when they are too many. */
export class SpareFrames {
  readonly #epoch: string;
  readonly #timeInMeta: TimeKey | undefined;
  readonly #events: EncodedEvent[] = [];
  #bytes = 0;

  /**
   * Starts without any.
   *
   * @param epoch Identity of the sequence, which frames name.
   * @param timeInMeta The time field that frames carry in `meta`, if they do.
   */
  constructor(epoch: string, timeInMeta: TimeKey | undefined) {
    this.#epoch = epoch;
    this.#timeInMeta = timeInMeta;
  }

  /** Bytes of frames held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The v1 form of an event. */
  encode(stored: StoredEvent): FrameV1 {
    return encodeEventV1(stored, this.#epoch, this.#timeInMeta, byteLength);
  }

  /** Keeps the frame that an event has just made. */
  keep(event: EncodedEvent, { bytes }: FrameV1): void {
    if (this.#bytes + bytes > MAX_SPARE_FRAME_BYTES) {
      for (const kept of this.#events) kept.releaseFrame();
      this.#events.length = 0;
      this.#bytes = 0;
    }
    this.#events.push(event);
    this.#bytes += bytes;
  }
}

/** An event with its own frame. */
export class EncodedEvent implements LoggedEvent {
  /** {@inheritDoc LoggedEvent.stored} */
  readonly stored: StoredEvent;
  /** {@inheritDoc LoggedEvent.seq} */
  readonly seq: number;
  /** {@inheritDoc LoggedEvent.dataBytes} */
  readonly dataBytes: number;
  /** {@inheritDoc LoggedEvent.attributes} */
  attributes: EventAttributes | undefined;
  /** {@inheritDoc LoggedEvent.departure} */
  departure: LoggedEvent | undefined;
  readonly #frames: SpareFrames;
  #frame: FrameV1 | undefined;

  /**
   * Takes an event.
   *
   * @param frame Its v1 form when it enters the ring; made on demand when absent.
   * @param attributes What filters read of it, as far as it is known.
   */
  constructor(
    stored: StoredEvent,
    frames: SpareFrames,
    frame?: FrameV1,
    attributes?: EventAttributes,
  ) {
    this.stored = stored;
    this.seq = stored.seq;
    this.dataBytes = frame === undefined || frame.bytes === 0
      ? memoryOf(stored.data)
      : frame.bytes === frame.text.length
      ? stored.data.length
      : stored.data.length * 2;
    this.attributes = attributes;
    this.departure = undefined;
    this.#frames = frames;
    this.#frame = frame;
  }

  /** {@inheritDoc LoggedEvent.v1} */
  get v1(): FrameV1 {
    return this.#frame ?? this.#makeFrame();
  }

  /** The event has left the ring, or its frame is one too many. */
  releaseFrame(): void {
    this.#frame = undefined;
  }

  #makeFrame(): FrameV1 {
    const frame = this.#frames.encode(this.stored);
    this.#frame = frame;
    this.#frames.keep(this, frame);
    return frame;
  }
}

/** What filters read of an event. */
export function attributesOf(event: LoggedEvent, fields: FilterFields): EventAttributes {
  return event.attributes ??= readAttributes(JSON.parse(event.stored.data), fields);
}

/**
 * Most bytes of memory that a text takes: V8 keeps a character in one byte or, as soon as one of them
 * is beyond Latin-1, in two. Text beyond ASCII counts two.
 */
export function memoryOf(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * 2;
}
