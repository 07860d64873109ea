/**
 * Reads the body of a request: bounded in bytes and in time, and so that a client that sends too
 * much still hears of it.
 *
 * Our own, since Hono's `bodyLimit` leaves the rest unread behind a locked reader: the client's writes
 * stand still, and break when the stream is collected.
 *
 * @module
 */
import type { Clock } from "../../actors/ports.ts";
import { isAbortedUpload } from "./aborted_upload.ts";

/**
 * How much of a refused body is read and thrown away, in bytes. Many clients read the answer only
 * when they have written everything; a connection that closes before is a broken pipe to them, and
 * the reason is lost.
 */
export const DISCARDED_BYTES: number = 16 * 1_048_576;

/** The same where there is no room for the body: reading what is left costs what there is not. */
export const OVERLOAD_DISCARDED_BYTES = 1_048_576;

/** How long a client may send nothing of a body, in ms. */
export const MAX_SILENCE_MILLIS = 10_000;

/** How long a body may take in all, in ms. */
export const MAX_BODY_MILLIS = 60_000;

/** First and last size of a block that received bytes are copied to, in bytes. */
const BLOCK_BYTES = [1_024, 262_144] as const;

/**
 * Why there is no body:
 * - `too_large`: it has more bytes than it may have.
 * - `no_room`: too many bytes are held already.
 * - `timeout`: the client was silent for too long, or took too long.
 * - `aborted`: the client ended the connection.
 * - `closing`: the process is about to end.
 */
export type BodyFault = "too_large" | "no_room" | "timeout" | "aborted" | "closing";

/** A body, or why there is none. */
export type BodyResult =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly fault: BodyFault };

/** How a body is read. */
export interface BodyLimits {
  /** Time. */
  readonly clock: Clock;
  /** Most bytes; 0 reads the body only to throw it away. */
  readonly maxBytes: number;
  /** Makes room for a body of so many bytes, those received so far; `false` when there is none. */
  readonly take?: (size: number) => boolean;
  /** Aborts when bodies that are still arriving must be given up. */
  readonly closing?: AbortSignal | undefined;
}

/** Reads a body to its end. */
export async function readBody(request: Request, limits: BodyLimits): Promise<BodyResult> {
  const { body } = request;
  if (body === null) return { ok: true, bytes: new Uint8Array(0) };
  return await new BodyReader(body, limits).read();
}

/** Reads what is left of a body that nobody wants, so that its client reads the answer. */
export async function discardBody(request: Request, limits: Omit<BodyLimits, "maxBytes">) {
  if (request.bodyUsed) return;
  await readBody(request, { ...limits, maxBytes: 0 });
}

class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limits: BodyLimits;
  readonly #bytes = new ByteCollector();
  readonly #startedAt: number;
  #lastByteAt: number;
  #timer: unknown;
  #fault: BodyFault | undefined;

  constructor(body: ReadableStream<Uint8Array>, limits: BodyLimits) {
    this.#reader = body.getReader();
    this.#limits = limits;
    this.#startedAt = this.#lastByteAt = limits.clock.now();
  }

  async read(): Promise<BodyResult> {
    const { clock, closing } = this.#limits;
    const close = () => this.#stop("closing");
    if (closing?.aborted) close();
    closing?.addEventListener("abort", close, { once: true });
    this.#timer = clock.setTimeout(() => this.#checkTime(), MAX_SILENCE_MILLIS);
    try {
      await this.#readAll();
    } catch (error) {
      if (!isAbortedUpload(error)) throw error;
      this.#fault = "aborted";
    } finally {
      clock.clearTimeout(this.#timer);
      closing?.removeEventListener("abort", close);
    }
    return this.#fault === undefined
      ? { ok: true, bytes: this.#bytes.join() }
      : { ok: false, fault: this.#fault };
  }

  async #readAll(): Promise<void> {
    const { clock, maxBytes, take = () => true } = this.#limits;
    let received = 0;
    let discardFrom: number | undefined;
    for (let chunk = await this.#reader.read(); !chunk.done; chunk = await this.#reader.read()) {
      this.#lastByteAt = clock.now();
      const { value } = chunk;
      received += value.length;
      if (this.#fault === undefined) {
        if (received > maxBytes) this.#fault = "too_large";
        else if (!take(received)) this.#fault = "no_room";
        else this.#bytes.add(value);
      }
      if (this.#fault === undefined) continue;
      if (discardFrom === undefined) {
        this.#bytes.clear();
        discardFrom = this.#fault === "no_room" ? received : maxBytes;
      }
      const most = this.#fault === "no_room" ? OVERLOAD_DISCARDED_BYTES : DISCARDED_BYTES;
      if (received > discardFrom + most) this.#stop(this.#fault);
    }
  }

  /** Ends the reading: cancelling settles the read that waits. */
  #stop(fault: BodyFault): void {
    this.#fault ??= fault;
    this.#reader.cancel().catch(() => {});
  }

  #checkTime(): void {
    const { clock } = this.#limits;
    const now = clock.now();
    const deadline = Math.min(
      this.#lastByteAt + MAX_SILENCE_MILLIS,
      this.#startedAt + MAX_BODY_MILLIS,
    );
    if (now >= deadline) this.#stop("timeout");
    else this.#timer = clock.setTimeout(() => this.#checkTime(), deadline - now);
  }
}

/**
 * Collects chunks. The runtime hands out each in a buffer of its own, 64 KiB for a single byte: small
 * ones are copied together.
 */
class ByteCollector {
  readonly #chunks: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    const [smallest, largest] = BLOCK_BYTES;
    if (this.#used === 0 && chunk.length * 2 > chunk.buffer.byteLength) {
      this.#chunks.push(chunk);
      return;
    }
    for (let rest = chunk; rest.length > 0;) {
      if (this.#used === this.#block.length) {
        this.#flush();
        const next = Math.min(largest, Math.max(smallest, this.#size));
        this.#block = new Uint8Array(next);
      }
      const part = rest.subarray(0, this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      rest = rest.subarray(part.length);
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#block = new Uint8Array(0);
    this.#used = this.#size = 0;
  }

  join(): Uint8Array<ArrayBuffer> {
    this.#flush();
    const [only, ...others] = this.#chunks;
    if (only !== undefined && others.length === 0) return only as Uint8Array<ArrayBuffer>;
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  #flush(): void {
    if (this.#used > 0) this.#chunks.push(this.#block.subarray(0, this.#used));
    this.#block = new Uint8Array(0);
    this.#used = 0;
  }
}
