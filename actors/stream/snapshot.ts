/**
 * The states of a channel at one number, as frames that several connections may be sending.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelStream } from "./channel_stream.ts";
import { encodeEventV2, encodeSnapshot } from "../../protocol/v2/event_frames.ts";

/** Characters of events after which a frame ends (64 Ki); a single event may be longer. */
export const MAX_FRAME_LENGTH = 64 * 1024;

/** One frame of a snapshot. */
export interface SnapshotPart {
  /** What is sent. */
  readonly text: string;
  /** Length of {@link SnapshotPart.text} in bytes of UTF-8. */
  readonly bytes: number;
  /** Events in it. */
  readonly count: number;
  /** Whether it is the final one. */
  readonly last: boolean;
}

/** The states of a channel at one number. Its frames are encoded when the first reader needs them. */
export class Snapshot {
  /** The number at which it was taken. */
  readonly seq: number;
  readonly #epoch: string;
  readonly #stream: ChannelStream;
  readonly #events: readonly LoggedEvent[];
  readonly #parts: SnapshotPart[] = [];
  #encoded = 0;

  /**
   * Takes events as they are now.
   *
   * @param events The states, oldest first.
   */
  constructor(stream: ChannelStream, events: readonly LoggedEvent[]) {
    this.seq = stream.log.head;
    this.#epoch = stream.log.epoch;
    this.#stream = stream;
    this.#events = events;
  }

  /** A part by its index; parts are asked for in order, and the last one says so. */
  part(index: number): SnapshotPart {
    while (this.#parts.length <= index) this.#parts.push(this.#encodeNext());
    return this.#parts[index]!;
  }

  #encodeNext(): SnapshotPart {
    const events = this.#events;
    const start = this.#encoded;
    let body = "";
    while (this.#encoded < events.length) {
      const text = encodeEventV2(events[this.#encoded]!.stored);
      if (body !== "" && body.length + text.length > MAX_FRAME_LENGTH) break;
      body += body === "" ? text : `,${text}`;
      this.#encoded += 1;
    }
    const last = this.#encoded === events.length;
    const text = encodeSnapshot(this.#stream.channel, this.#epoch, this.seq, body, last);
    return { text, bytes: Buffer.byteLength(text), count: this.#encoded - start, last };
  }
}
