/**
 * Reads a batch element by element, so that the caller can pause between two, and stops at the
 * first faults.
 *
 * @module
 */
import { type ChannelSet, PRODUCT_CHANNELS } from "./channel_set.ts";
import type { Channel } from "./channels.ts";
import { type Element, type Elements, MAX_JSON_DEPTH, STEP_CHARACTERS } from "./json_scan.ts";
import { findLossyParts } from "./json_trace.ts";
import {
  type Fault,
  MAX_EVENT_BYTES,
  MAX_REPORTED_FAULTS,
  parseSubmission,
  type Submission,
  type SubmissionOptions,
} from "./publish.ts";
import type { BatchRefusal, BatchResult } from "./publish_batch.ts";

/**
 * Largest element of a batch, in bytes of its JSON: {@link MAX_EVENT_BYTES} of `data`, three times
 * as much for text whose every character is written as `\uXXXX`. What is larger is not parsed.
 */
export const MAX_ELEMENT_BYTES: number = 3 * MAX_EVENT_BYTES;

/** Collects the submissions of a batch, or its faults. */
export class BatchBuilder {
  readonly #submissions: Submission[] = [];
  readonly #faults: Fault[] = [];
  readonly #now: number;
  readonly #options: SubmissionOptions | undefined;
  readonly #channels: ChannelSet;
  #count = 0;
  /** A channel of the gateway alone that an event names. */
  #reserved: Channel | undefined;

  /**
   * Starts empty.
   *
   * @param nowEpochMillis The time of events that bring none, in epoch ms.
   * @param options How events are read.
   */
  constructor(nowEpochMillis: number, options?: SubmissionOptions) {
    this.#now = nowEpochMillis;
    this.#options = options;
    this.#channels = options?.channels ?? PRODUCT_CHANNELS;
  }

  /** Whether there are as many faults as an answer names: the rest need not be read. */
  get isFull(): boolean {
    return this.#faults.length >= MAX_REPORTED_FAULTS;
  }

  /** Takes the next event, as it was parsed from JSON. */
  add(value: unknown): void {
    const result = parseSubmission(value, this.#nextPath(), this.#now, this.#options);
    if (!result.ok) this.#blame(result.faults);
    else if (this.#faults.length === 0) this.#keep(result.submission);
  }

  /**
   * Takes the next event, as it stands in its text.
   *
   * @returns Whether it is JSON.
   */
  addElement(text: string, { start, end, deep, suspicious }: Element): boolean {
    const json = text.slice(start, end);
    if (exceedsUtf8Bytes(json, MAX_ELEMENT_BYTES)) {
      const message = `too large to be read; at most ${MAX_ELEMENT_BYTES} bytes with its envelope`;
      this.#blame([{ path: this.#nextPath(), message }]);
      return true;
    }
    if (deep) {
      const message = `nested deeper than ${MAX_JSON_DEPTH} levels`;
      this.#blame([{ path: this.#nextPath(), message }]);
      return true;
    }
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return false;
    }
    const lossy = suspicious ? findLossyParts(json, `events[${this.#count}]`) : [];
    if (lossy.length === 0) {
      this.add(value);
    } else {
      this.#count += 1;
      this.#blame(lossy);
    }
    return true;
  }

  /** The batch, whole, or why there is none. */
  finish(): BatchResult {
    if (this.#count === 0) this.#blame([{ path: "events", message: "no event was sent" }]);
    if (this.#faults.length > 0) {
      return refuseBatch("INVALID_EVENTS", "the events are not valid", this.#faults);
    }
    if (this.#reserved !== undefined) {
      return refuseBatch("FORBIDDEN", `${this.#reserved} are published by the gateway alone`);
    }
    return { ok: true, submissions: this.#submissions };
  }

  #nextPath(): string {
    return `events[${this.#count++}]`;
  }

  #blame(faults: readonly Fault[]): void {
    const room = MAX_REPORTED_FAULTS - this.#faults.length;
    for (const fault of faults.slice(0, room)) this.#faults.push(fault);
  }

  #keep(submission: Submission): void {
    const { channel } = submission.draft;
    if (this.#channels.get(channel).writer === "gateway") this.#reserved = channel;
    this.#submissions.push(submission);
  }
}

/**
 * Reads the elements of a batch. Pauses are up to the caller, who goes on with `next()`.
 *
 * @param maxEvents Most events in a batch.
 * @param nowEpochMillis The time of events that bring none, in epoch ms.
 * @param options How events are read.
 */
export function* readElements(
  { text, list, count }: Elements,
  maxEvents: number,
  nowEpochMillis: number,
  options?: SubmissionOptions,
): Generator<void, BatchResult> {
  if (count > maxEvents) return tooManyEvents(count, maxEvents);
  const batch = new BatchBuilder(nowEpochMillis, options);
  let read = 0;
  for (let index = 0; index < list.length && !batch.isFull; index++) {
    const element = list[index]!;
    if (!batch.addElement(text, element)) {
      const place = element.line > 0 ? `line ${element.line}` : `events[${index}]`;
      return refuseBatch("INVALID_REQUEST", `${place} is not JSON`);
    }
    read += element.end - element.start;
    if (read < STEP_CHARACTERS) continue;
    read = 0;
    yield;
  }
  return batch.finish();
}

/** Refuses a batch for its number of events, which is known before any of them is parsed. */
export function tooManyEvents(count: number, maxEvents: number): BatchResult {
  const message = `at most ${maxEvents} events in a batch, these are ${count}`;
  return refuseBatch("PAYLOAD_TOO_LARGE", message);
}

/** Refuses a batch. */
export function refuseBatch(
  code: BatchRefusal["code"],
  message: string,
  faults: readonly Fault[] = [],
): { readonly ok: false; readonly refusal: BatchRefusal } {
  return { ok: false, refusal: { code, message, faults } };
}

/** Whether a text has more than so many bytes in UTF-8; unlike an encoder it makes no copy. */
export function exceedsUtf8Bytes(text: string, bytes: number): boolean {
  const { length } = text;
  if (length > bytes) return true;
  if (length * 3 <= bytes) return false; // No character has more than 3 bytes a unit.
  let size = length;
  for (let at = 0; at < length && size <= bytes; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    // Each half of a pair counts two: together they have four bytes.
    size += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return size > bytes;
}
