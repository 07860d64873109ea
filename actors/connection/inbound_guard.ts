/**
 * Limits how fast a peer may send messages, and how many may be malformed. A peer over a limit is
 * answered with an error first, and disconnected when it goes on.
 *
 * @module
 */
import { MAX_TOLERATED_LENGTH } from "../../protocol/client_action.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { Clock } from "../ports.ts";
import { TokenBucket } from "../stream/token_bucket.ts";

/** Malformed messages that are answered within {@link VIOLATION_WINDOW_MILLIS}; one more is 4400. */
export const MAX_VIOLATIONS = 10;

/** The window in which malformed messages are counted, in ms. */
export const VIOLATION_WINDOW_MILLIS = 60_000;

/** Why a message is not processed; the text is the same in every dialect. */
export interface InboundFault {
  /** What kind of fault it is. */
  readonly code: "invalid_payload" | "rate_limited";
  /** For people: what is wrong and what is expected. */
  readonly message: string;
}

/** The result of checking a message. */
export type InboundResult =
  | { readonly kind: "text"; readonly text: string }
  /** It must be answered with a fault. */
  | { readonly kind: "fault"; readonly fault: InboundFault }
  /** It ended the connection. */
  | { readonly kind: "ended" };

const ENDED = { kind: "ended" } as const satisfies InboundResult;

/** Limits what one peer sends. */
export class InboundGuard {
  readonly #end: (cause: EndingCause) => void;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #maxLength: number;
  readonly #onLimited: () => void;
  #refused = 0;
  #violations = 0;
  #windowEndsAt = 0;

  /**
   * Starts without violations.
   *
   * @param end Ends the connection.
   * @param messagesPerSecond Messages that are served, with a burst of as many; 0 is unlimited.
   * @param maxLength Length at which a message ends the connection, in characters or bytes.
   * @param onLimited Called for each message that is too many.
   */
  constructor(
    end: (cause: EndingCause) => void,
    clock: Clock,
    messagesPerSecond: number,
    maxLength: number = MAX_TOLERATED_LENGTH,
    onLimited: () => void = () => {},
  ) {
    this.#end = end;
    this.#clock = clock;
    this.#bucket = new TokenBucket(messagesPerSecond, clock.now());
    this.#maxLength = maxLength;
    this.#onLimited = onLimited;
  }

  /** Takes one message as the socket delivered it: a string, or binary data. */
  take(data: unknown): InboundResult {
    return this.admit() ?? this.inspect(data);
  }

  /** Checks size and kind of a message; the caller limits how many there are. */
  inspect(data: unknown): InboundResult {
    if (sizeOf(data) > this.#maxLength) {
      this.#end("messageTooLarge");
      return ENDED;
    }
    if (typeof data === "string") return { kind: "text", text: data };
    if (!this.countViolation()) return ENDED;
    const message = "binary messages are not understood; send text";
    return { kind: "fault", fault: { code: "invalid_payload", message } };
  }

  /** Counts a malformed message: `true` when it is to be answered, `false` when it ended the connection. */
  countViolation(): boolean {
    const now = this.#clock.now();
    if (now >= this.#windowEndsAt) {
      this.#violations = 0;
      this.#windowEndsAt = now + VIOLATION_WINDOW_MILLIS;
    }
    this.#violations += 1;
    if (this.#violations <= MAX_VIOLATIONS) return true;
    this.#end("protocolViolation");
    return false;
  }

  /**
   * Counts a message. Floods are answered for one more second's worth of messages, then ended.
   *
   * @returns What became of it; `undefined` when it is to be inspected.
   */
  admit(): Exclude<InboundResult, { kind: "text" }> | undefined {
    const now = this.#clock.now();
    if (this.#bucket.take(now)) {
      if (this.#bucket.level(now) > 0.5) this.#refused = 0;
      return undefined;
    }
    this.#refused += 1;
    this.#onLimited();
    if (this.#refused > this.#bucket.rate) {
      this.#end("tooManyMessages");
      return ENDED;
    }
    const message = `at most ${this.#bucket.rate} messages per second`;
    return { kind: "fault", fault: { code: "rate_limited", message } };
  }
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return data.length;
  return data instanceof ArrayBuffer ? data.byteLength : 0;
}
