/**
 * Counts the events in frames and checks that their numbers follow each other, without decoding:
 * the numbers are read where they stand. Most of what a load client would cost is parsing JSON.
 *
 * @module
 */
import type { FrameForm } from "./plan.ts";

const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;

/** How far into a batch its numbers are looked for: its head comes before its events. */
const BATCH_HEAD_BYTES = 256;

/** How messages begin whose type is `event` or `events`. */
const EVENT = bytesOf('{"type":"event');

const SEQ = bytesOf('"seq":"');
const FROM = bytesOf('"from":');
const TO = bytesOf('"to":');
const SKIPPED = bytesOf('"skipped":');

/** Follows the numbers of one connection. */
export class SequenceCounter {
  /** Events delivered. */
  events = 0;
  /** Frames that carried them. */
  frames = 0;
  /** Events that batches declared as skipped. */
  skipped = 0;
  /** Numbers that were missing or came twice. */
  gaps = 0;
  /** The last number; 0 before the first event. */
  head = 0;
  readonly #form: FrameForm;
  readonly #prefix: number;
  /** Distance of the quote behind the number from the end of the frame: the same in most frames. */
  #tail = 0;

  /**
   * Starts without expectations: the first event may have any number.
   *
   * @param prefix Bytes before the message in each event frame.
   */
  constructor(form: FrameForm, prefix: number) {
    this.#form = form;
    this.#prefix = prefix;
  }

  /**
   * Takes the payload of a text frame.
   *
   * @returns Whether it carried events; anything else is left to the caller.
   */
  take(bytes: Uint8Array, from: number, to: number): boolean {
    const start = from + this.#prefix;
    if (to - start < EVENT.length || !isKey(EVENT, bytes, start)) return false;
    this.frames += 1;
    if (this.#form === "batch") this.#takeBatch(bytes, from, to);
    else this.#takeEvent(bytes, from, to);
    return true;
  }

  #takeEvent(bytes: Uint8Array, from: number, to: number): void {
    let end = to - this.#tail;
    if (bytes[end] !== QUOTE || !isKey(SEQ, bytes, startOfDigits(bytes, end) - SEQ.length)) {
      end = findLast(SEQ, bytes, from, to) + SEQ.length;
      while (bytes[end] !== QUOTE) end += 1;
      this.#tail = to - end;
    }
    const seq = number(bytes, startOfDigits(bytes, end));
    this.#follow(seq);
    this.events += 1;
    this.head = seq;
  }

  #takeBatch(bytes: Uint8Array, from: number, to: number): void {
    const until = Math.min(to, from + BATCH_HEAD_BYTES);
    const first = number(bytes, find(FROM, bytes, from, until));
    const last = number(bytes, find(TO, bytes, from, until));
    const skipped = number(bytes, find(SKIPPED, bytes, from, until));
    this.#follow(first);
    this.skipped += skipped;
    this.events += last - first + 1 - skipped;
    this.head = last;
  }

  #follow(seq: number): void {
    if (this.head !== 0 && seq !== this.head + 1) this.gaps += 1;
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isKey(key: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = key.length - 1; index >= 0; index--) {
    if (bytes[at + index] !== key[index]) return false;
  }
  return true;
}

/** The first digit of a number that ends before `end`. */
function startOfDigits(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at - 1]! >= ZERO && bytes[at - 1]! <= NINE) at -= 1;
  return at;
}

function number(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; bytes[index]! >= ZERO && bytes[index]! <= NINE; index++) {
    value = value * 10 + bytes[index]! - ZERO;
  }
  return value;
}

/** Where the value of a key begins. */
function find(key: Uint8Array, bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] === QUOTE && isKey(key, bytes, at)) return at + key.length;
  }
  throw missing(key, bytes, from, to);
}

/** Where the last occurrence of a key begins. */
function findLast(key: Uint8Array, bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - key.length; at >= from; at--) {
    if (bytes[at] === QUOTE && isKey(key, bytes, at)) return at;
  }
  throw missing(key, bytes, from, to);
}

function missing(key: Uint8Array, bytes: Uint8Array, from: number, to: number): Error {
  const text = new TextDecoder();
  const frame = text.decode(bytes.subarray(from, Math.min(to, from + 400)));
  return new Error(`no ${text.decode(key)} in a frame with events: ${frame}`);
}
