/**
 * WebSocket frames (RFC 6455 §5) to and from bytes. Unlike a library it also writes what no honest
 * peer would: reserved bits, unmasked client frames, wrong opcodes, lengths that lie.
 *
 * @module
 */

/** Frame types by their opcode. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** One frame as it was received. */
export interface Frame {
  /** Whether it ends its message. */
  readonly fin: boolean;
  /** The three reserved bits, 0–7. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  /** The payload, unmasked. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** One frame to write. */
export interface FrameSpec {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** Whether it ends its message; true when absent. */
  readonly fin?: boolean;
  /** The three reserved bits, 0–7; 0 when absent. */
  readonly rsv?: number;
  /** The masking key of four bytes, or `null` for an unmasked frame; random when absent. */
  readonly mask?: Uint8Array | null;
}

/** Writes one frame. */
export function encodeFrame(spec: FrameSpec): Uint8Array<ArrayBuffer> {
  const payload = spec.payload ?? new Uint8Array(0);
  const mask = spec.mask === undefined ? crypto.getRandomValues(new Uint8Array(4)) : spec.mask;
  const length = payload.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + lengthBytes + (mask === null ? 0 : 4);
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (spec.fin === false ? 0 : 0x80) | ((spec.rsv ?? 0) << 4) | spec.opcode;
  bytes[1] = (mask === null ? 0 : 0x80) |
    (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, start);
  if (mask !== null) {
    bytes.set(mask, start - 4);
    applyMask(bytes.subarray(start), mask);
  }
  return bytes;
}

/** The payload of a Close frame; empty without a code. */
export function closePayload(code?: number, reason = ""): Uint8Array<ArrayBuffer> {
  if (code === undefined) return new Uint8Array(0);
  const text = new TextEncoder().encode(reason);
  const payload = new Uint8Array(2 + text.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return payload;
}

/**
 * Cuts a byte stream into frames, whatever its chunks. Bytes are copied once into a buffer that is
 * reused, so that a flood of small frames costs no allocation but the payloads.
 */
export class FrameParser {
  #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;

  /** Bytes received that do not make a whole frame yet. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * Takes the next whole frame out.
   *
   * @returns `undefined` when more bytes are needed.
   */
  next(): Frame | undefined {
    const available = this.#end - this.#start;
    if (available < 2) return undefined;
    const first = this.#buffer[this.#start]!;
    const second = this.#buffer[this.#start + 1]!;
    const masked = (second & 0x80) !== 0;
    const short = second & 0x7f;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const header = 2 + lengthBytes + (masked ? 4 : 0);
    if (available < header) return undefined;
    const view = new DataView(this.#buffer.buffer, this.#start, header);
    const length = lengthBytes === 0
      ? short
      : lengthBytes === 2
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    if (available < header + length) return undefined;
    const from = this.#start + header;
    const payload = this.#buffer.slice(from, from + length);
    if (masked) applyMask(payload, this.#buffer.subarray(from - 4, from));
    this.#start = from + length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    const fin = (first & 0x80) !== 0;
    return { fin, rsv: (first >> 4) & 0x7, opcode: first & 0x0f, masked, payload };
  }

  #makeRoom(needed: number): void {
    const pending = this.#end - this.#start;
    const target = pending + needed > this.#buffer.length
      ? new Uint8Array(Math.max(pending + needed, this.#buffer.length * 2))
      : this.#buffer;
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#start = 0;
    this.#end = pending;
  }
}

function applyMask(bytes: Uint8Array, mask: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = bytes[index]! ^ mask[index & 3]!;
  }
}
