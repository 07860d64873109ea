/**
 * Requests and their answers.
 *
 * @module
 */
import type { Message } from "./connection.ts";
import type { ClientClock } from "./environment.ts";
import { type ErrorCode, TelemetryError } from "./errors.ts";

/** How long the gateway may take to answer, in ms. */
export const ANSWER_MILLIS = 10_000;

/** How a request ended: the message that answers it, or why there is none. */
export type RequestAnswer = Message | TelemetryError;

interface Pending {
  readonly message: Message;
  readonly done: (answer: RequestAnswer) => void;
  readonly survives: boolean;
  timer: unknown;
}

/** The codes of the wire, as the family has them. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  forbidden: "forbidden",
  scope_changed: "forbidden",
  not_found: "not_found",
  rate_limited: "overloaded",
  overloaded: "overloaded",
  unavailable: "unavailable",
};

/** The error that an `error` message stands for. */
export function errorOf(message: Message): TelemetryError {
  const code = CODES[String(message["code"])] ?? "invalid_request";
  const { retryAfterMs } = message;
  return new TelemetryError(code, `${message["code"]}: ${message["message"]}`, {
    final: code !== "overloaded" && code !== "unavailable",
    ...(typeof retryAfterMs === "number" && retryAfterMs > 0 && { retryAfterMs }),
  });
}

/** Matches answers to requests by their `id`. */
export class Requests {
  readonly #clock: ClientClock;
  readonly #send: (message: Message) => void;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;
  #open = false;
  #resend: unknown;

  /** Waits for a connection. @param send Sends on the present link. */
  constructor(clock: ClientClock, send: (message: Message) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /**
   * Sends a request, and calls once with its answer.
   *
   * @param survives Whether it may be made again after a reconnect, and waits for one: only what is
   *   harmless twice. Others end with the connection.
   */
  make(
    message: Message,
    done: (answer: RequestAnswer) => void,
    survives = false,
    withinMs: number = ANSWER_MILLIS,
  ): void {
    const id = String(++this.#lastId);
    const request: Pending = { message: { id, ...message }, done, survives, timer: undefined };
    request.timer = this.#clock.setTimeout(() => {
      this.#settle(id, new TelemetryError("timeout"));
    }, withinMs);
    this.#pending.set(id, request);
    if (this.#open) this.#send(request.message);
  }

  /** A connection is open: what survived is sent. */
  opened(): void {
    this.#open = true;
    this.#sendAll();
  }

  /** The connection is gone: what does not survive ends. */
  lost(why: TelemetryError): void {
    this.#open = false;
    this.#clock.clearTimeout(this.#resend);
    for (const [id, { survives }] of [...this.#pending]) {
      if (!survives || why.final) this.#settle(id, why);
    }
  }

  /** Takes an `ack` or `error`. @returns Whether it answers a request of ours. */
  answer(message: Message): boolean {
    if (message["type"] === "ack") return this.#settle(message["id"], message);
    const error = errorOf(message);
    if (message["id"] !== undefined) return this.#settle(message["id"], error);
    // Without an id the message was not even read. A flood is over after a while; anything else is
    // about the oldest request.
    if (error.final) return this.#settle(this.#pending.keys().next().value, error);
    this.#clock.clearTimeout(this.#resend);
    this.#resend = this.#clock.setTimeout(() => this.#sendAll(), error.retryAfterMs ?? 1_000);
    return true;
  }

  #sendAll(): void {
    for (const { message } of [...this.#pending.values()]) this.#send(message);
  }

  #settle(id: unknown, answer: RequestAnswer): boolean {
    const request = this.#pending.get(id as string);
    if (request === undefined) return false;
    this.#pending.delete(id as string);
    this.#clock.clearTimeout(request.timer);
    request.done(answer);
    return true;
  }
}
