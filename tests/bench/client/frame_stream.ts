/**
 * Cuts what a server sends into frames, in the buffer that it was read into. Nothing is copied and
 * nothing is allocated for a frame that carries events.
 *
 * @module
 */
import { OPCODE } from "../../support/ws_frames.ts";

/** What becomes of frames. */
export interface FrameHandler {
  /** A text message in `bytes` from `from` up to `to`; valid during the call only. */
  text(bytes: Uint8Array, from: number, to: number): void;
  /** A ping with its payload. */
  ping(payload: Uint8Array): void;
  /** A Close frame. */
  close(payload: Uint8Array): void;
}

/** The receiving end of one connection. */
export class FrameStream {
  #buffer: Uint8Array<ArrayBuffer>;
  #end = 0;
  readonly #handler: FrameHandler;

  /**
   * Starts empty.
   *
   * @param bytes Size of the buffer; it grows when a frame does not fit.
   */
  constructor(handler: FrameHandler, bytes: number) {
    this.#handler = handler;
    this.#buffer = new Uint8Array(bytes);
  }

  /** Where the next bytes are to be read to. */
  get room(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#end);
  }

  /** Takes bytes that were read elsewhere. */
  push(bytes: Uint8Array): void {
    while (bytes.length > this.#buffer.length - this.#end) this.#grow();
    this.#buffer.set(bytes, this.#end);
    this.commit(bytes.length);
  }

  /** So many bytes were read to {@link FrameStream.room}: handles the whole frames. */
  commit(count: number): void {
    const buffer = this.#buffer;
    const end = this.#end + count;
    let at = 0;
    while (end - at >= 2) {
      const short = buffer[at + 1]!;
      let length = short;
      let header = 2;
      if (short === 126) {
        header = 4;
        length = (buffer[at + 2]! << 8) | buffer[at + 3]!;
      } else if (short === 127) {
        header = 10;
        if (end - at >= header) length = new DataView(buffer.buffer).getUint32(at + 6);
      }
      if (end - at < header + length) break;
      this.#handle(buffer[at]!, at + header, at + header + length);
      at += header + length;
    }
    if (at > 0) buffer.copyWithin(0, at, end);
    this.#end = end - at;
    if (this.#end === buffer.length) this.#grow();
  }

  #handle(first: number, from: number, to: number): void {
    const opcode = first & 0x0f;
    if (opcode === OPCODE.text && first >= 0x80) this.#handler.text(this.#buffer, from, to);
    else if (opcode === OPCODE.ping) this.#handler.ping(this.#buffer.slice(from, to));
    else if (opcode === OPCODE.close) this.#handler.close(this.#buffer.slice(from, to));
    else throw new Error(`a frame that no server of the bench sends: ${first}`);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#buffer.length * 2);
    grown.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = grown;
  }
}
