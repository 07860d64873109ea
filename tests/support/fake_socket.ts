/**
 * A socket whose peer reads only when the test says so.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { FrameSink, Socket } from "../../actors/ports.ts";

/** What a {@link FakeSocket} tells of each frame before it takes it. */
export type SendListener = (frame: string, bytes: number, bufferedBefore: number) => void;

/** A {@link Socket} that records what it is given. */
export class FakeSocket implements Socket {
  /** How often {@link FakeSocket.bufferedAmount} was read. */
  reads = 0;
  /** Whether the peer takes everything at once, so that nothing is ever buffered. */
  readsAtOnce = false;
  /** Every frame taken, oldest first. */
  readonly frames: string[] = [];
  /** Every call of {@link FakeSocket.close}. */
  readonly closings: { readonly code: number; readonly reason: string }[] = [];
  /** The highest {@link FakeSocket.bufferedAmount} that sending led to. */
  peak = 0;
  readonly #onSend: SendListener | undefined;
  #taken = 0;
  #buffered = 0;

  /** @param onSend Called before a frame is taken; what it throws, {@link FakeSocket.send} throws. */
  constructor(onSend?: SendListener) {
    this.#onSend = onSend;
  }

  /** The socket itself. */
  get sink(): FrameSink {
    return this;
  }

  /** Bytes not yet read by the peer; tests may set it to anything. */
  get bufferedAmount(): number {
    this.reads += 1;
    return this.#buffered;
  }

  set bufferedAmount(bytes: number) {
    this.#buffered = bytes;
  }

  /** Takes a frame, and adds its bytes to the buffer unless the peer reads at once. */
  send(frame: string): void {
    if (this.closings.length > 0) throw new Error("the socket is closed");
    const bytes = Buffer.byteLength(frame);
    this.#onSend?.(frame, bytes, this.#buffered);
    this.frames.push(frame);
    if (this.readsAtOnce) return;
    this.#buffered += bytes;
    this.peak = Math.max(this.peak, this.#buffered);
  }

  /** Records the closing; frames are refused from now on. */
  close(code: number, reason: string): void {
    this.closings.push({ code, reason });
  }

  /** The peer reads so many bytes, or all. */
  drain(bytes = Infinity): void {
    this.#buffered = Math.max(0, this.#buffered - bytes);
  }

  /** The frames since the last call, as they were sent. */
  take(): string[] {
    const frames = this.frames.slice(this.#taken);
    this.#taken = this.frames.length;
    return frames;
  }
}
