/**
 * The v1 dialect: turns client messages into events of the statechart, and answers what needs no
 * decision. A client that misbehaves is told so, and ended only when it goes on.
 *
 * @module
 */
import { type Channel, CHANNELS, selectChannels } from "../../protocol/channels.ts";
import { MAX_TOLERATED_LENGTH, parseClientMessage } from "../../protocol/client_message.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import { errorMessage, type ErrorReason, heartbeat } from "../../protocol/server_message_v1.ts";
import type { Clock } from "../ports.ts";
import { TokenBucket } from "../stream/token_bucket.ts";

/** Malformed messages that are answered within {@link VIOLATION_WINDOW_MILLIS}; one more is 4400. */
export const MAX_VIOLATIONS = 10;

/** The window in which malformed messages are counted, in ms. */
export const VIOLATION_WINDOW_MILLIS = 60_000;

/** What a session asks of its connection. */
export interface SessionHost {
  /** Sends an answer. */
  reply(frame: string): void;
  /** Subscribes to channels, at least one. */
  subscribe(channels: readonly Channel[], replay: boolean): void;
  /** Unsubscribes from channels, at least one. */
  unsubscribe(channels: readonly Channel[]): void;
  /** Ends the connection. */
  end(cause: EndingCause): void;
}

/** The state of the dialect: how much nonsense came in, and how fast. */
export class SessionV1 {
  readonly #host: SessionHost;
  readonly #clock: Clock;
  readonly #inbound: TokenBucket;
  #refused = 0;
  #violations = 0;
  #windowEndsAt = 0;

  /**
   * Starts with a clean record.
   *
   * @param messagesPerSecond Inbound messages that are served, with a burst of as many.
   */
  constructor(host: SessionHost, clock: Clock, messagesPerSecond: number) {
    this.#host = host;
    this.#clock = clock;
    this.#inbound = new TokenBucket(messagesPerSecond, clock.now());
  }

  /** Takes one message as the socket delivered it: a string, or binary data. */
  receive(data: unknown): void {
    if (!this.#admit()) return;
    if (sizeOf(data) > MAX_TOLERATED_LENGTH) {
      this.#host.end("messageTooLarge");
      return;
    }
    if (typeof data !== "string") {
      this.#violation("invalid_payload", "binary messages are not understood; send text");
      return;
    }
    const parsed = parseClientMessage(data);
    if (!parsed.ok) {
      this.#violation(parsed.fault.reason, parsed.fault.message);
      return;
    }
    const { message } = parsed;
    switch (message.action) {
      case "subscribe":
        this.subscribe(message.channels, message.replay === true);
        break;
      case "unsubscribe":
        this.#unsubscribe(message.channels);
        break;
      case "heartbeat":
        this.#host.reply(heartbeat("ack", this.#clock.epochMillis()));
        break;
    }
  }

  /** Subscribes to the known channels among the names and answers with the others. */
  subscribe(names: readonly string[], replay: boolean): void {
    const { known, unknown } = selectChannels(names);
    if (known.length === 0) {
      this.#violation("invalid_channels", unknownChannels(unknown));
      return;
    }
    this.#host.subscribe(known, replay);
    if (unknown.length > 0) this.#error("invalid_channels", unknownChannels(unknown));
  }

  #unsubscribe(names: readonly string[]): void {
    const { known, unknown } = selectChannels(names);
    if (known.length === 0) {
      this.#violation("invalid_channels", unknownChannels(unknown));
      return;
    }
    this.#host.unsubscribe(known);
    if (unknown.length > 0) this.#error("invalid_channels", unknownChannels(unknown));
  }

  /** Floods are answered for one more second's worth of messages, then ended. */
  #admit(): boolean {
    const now = this.#clock.now();
    if (this.#inbound.take(now)) {
      if (this.#inbound.level(now) > 0.5) this.#refused = 0;
      return true;
    }
    this.#refused += 1;
    if (this.#refused > this.#inbound.rate) this.#host.end("tooManyMessages");
    else this.#error("rate_limited", `at most ${this.#inbound.rate} messages per second`);
    return false;
  }

  #violation(reason: ErrorReason, message: string): void {
    const now = this.#clock.now();
    if (now >= this.#windowEndsAt) {
      this.#violations = 0;
      this.#windowEndsAt = now + VIOLATION_WINDOW_MILLIS;
    }
    this.#violations += 1;
    if (this.#violations > MAX_VIOLATIONS) this.#host.end("protocolViolation");
    else this.#error(reason, message);
  }

  #error(reason: ErrorReason, message: string): void {
    this.#host.reply(errorMessage(reason, message, this.#clock.epochMillis()));
  }
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return data.length;
  return data instanceof ArrayBuffer ? data.byteLength : 0;
}

/** Longest list of unknown names that is echoed, in characters. */
const MAX_ECHO = 200;

function unknownChannels(names: readonly string[]): string {
  const known = `known are ${CHANNELS.join(", ")}`;
  if (names.length === 0) return `no channel was named; ${known}`;
  const list = names.join(", ");
  const shown = list.length > MAX_ECHO ? `${list.slice(0, MAX_ECHO)}…` : list;
  return `unknown channels: ${shown}; ${known}`;
}
