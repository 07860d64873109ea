/**
 * WebSocket messages out of frames: fragments are joined, control frames may stand between them,
 * and what RFC 6455 forbids a server to send is an error.
 *
 * @module
 */
import { type Frame, OPCODE } from "./ws_frames.ts";

/** A whole message, or a control frame. */
export type WsMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" | "ping" | "pong"; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** The server broke RFC 6455. */
export class WsProtocolError extends Error {
  /** Says which rule was broken. */
  constructor(message: string) {
    super(message);
    this.name = "WsProtocolError";
  }
}

/** The code that stands for a Close frame without one (RFC 6455 §7.4.1). */
export const NO_STATUS = 1005;

/** The code that stands for a connection that ended without a Close frame. */
export const ABNORMAL = 1006;

/** Joins the frames of one direction of a connection into messages. */
export class MessageAssembler {
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #opcode: number | undefined;

  /**
   * Takes one frame.
   *
   * @returns The message that it completes, if it does.
   * @throws {WsProtocolError} When a server must not send it.
   */
  take(frame: Frame): WsMessage | undefined {
    if (frame.rsv !== 0) throw new WsProtocolError(`reserved bits ${frame.rsv} are set`);
    if (frame.masked) throw new WsProtocolError("a server must not mask");
    if (frame.opcode >= OPCODE.close) return this.#control(frame);
    if (frame.opcode === OPCODE.continuation) {
      if (this.#opcode === undefined) throw new WsProtocolError("nothing to continue");
    } else {
      if (this.#opcode !== undefined) throw new WsProtocolError("a message within a message");
      this.#opcode = frame.opcode;
    }
    this.#fragments.push(frame.payload);
    if (!frame.fin) return undefined;
    const payload = this.#fragments.length === 1 ? frame.payload : join(this.#fragments);
    const opcode = this.#opcode;
    this.#fragments = [];
    this.#opcode = undefined;
    if (opcode === OPCODE.text) return { kind: "text", text: this.#text.decode(payload) };
    if (opcode === OPCODE.binary) return { kind: "binary", payload };
    throw new WsProtocolError(`opcode ${opcode}`);
  }

  #control(frame: Frame): WsMessage {
    const { opcode, payload } = frame;
    if (!frame.fin) throw new WsProtocolError("a control frame in fragments");
    if (payload.length > 125) throw new WsProtocolError("a control frame over 125 bytes");
    if (opcode === OPCODE.ping) return { kind: "ping", payload };
    if (opcode === OPCODE.pong) return { kind: "pong", payload };
    if (opcode !== OPCODE.close) throw new WsProtocolError(`opcode ${opcode}`);
    if (payload.length === 0) return { kind: "close", code: NO_STATUS, reason: "" };
    if (payload.length === 1) throw new WsProtocolError("a Close frame of one byte");
    const code = new DataView(payload.buffer).getUint16(0);
    return { kind: "close", code, reason: this.#text.decode(payload.subarray(2)) };
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
