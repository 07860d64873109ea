/**
 * What a client has received, and who waits for more of it. A fault found in a message fails
 * everybody who waits, then and later.
 *
 * @module
 */
import type { RawClose } from "./raw_websocket.ts";
import { DeadlineError, DEFAULT_DEADLINE_MS } from "./wait.ts";

/** How to wait for a message. */
export interface WaitForOptions {
  /** Deadline in ms. */
  readonly withinMs?: number;
  /** Index into {@link Inbox.messages} to look from. */
  readonly from?: number;
}

interface Waiter<Message> {
  readonly matches: (message: Message) => boolean;
  readonly settle: (outcome: Message | Error) => void;
}

/** See the module. */
export class Inbox<Message> {
  /** Everything received, in order. */
  readonly messages: Message[] = [];
  /** Whether messages are kept from now on; who waits sees them either way. */
  keeps = true;
  readonly #waiters = new Set<Waiter<Message>>();
  #fault: Error | undefined;
  #faultShown = false;
  #close: RawClose | undefined;

  /** Whether a fault was found; what comes after it is not looked at. */
  get isFaulty(): boolean {
    return this.#fault !== undefined;
  }

  push(message: Message): void {
    if (this.keeps) this.messages.push(message);
    for (const waiter of this.#waiters) if (waiter.matches(message)) waiter.settle(message);
  }

  /** A message broke the contract; the first one counts. */
  fault(error: Error): void {
    this.#fault ??= error;
    for (const waiter of this.#waiters) waiter.settle(this.#fault);
  }

  /** Nothing comes any more. */
  close(close: RawClose): void {
    this.#close = close;
    for (const waiter of this.#waiters) waiter.settle(this.#closedError(close));
  }

  /**
   * The first message, received or to come, that matches.
   *
   * @throws {DeadlineError} When none comes in time.
   */
  async waitFor(
    what: string,
    matches: (message: Message) => boolean,
    options: WaitForOptions = {},
  ): Promise<Message> {
    this.throwFault();
    const known = this.messages.slice(options.from ?? 0).find(matches);
    if (known !== undefined) return known;
    if (this.#close !== undefined) throw this.#closedError(this.#close);
    const withinMs = options.withinMs ?? DEFAULT_DEADLINE_MS;
    const { promise, resolve } = Promise.withResolvers<Message | Error>();
    const waiter = { matches, settle: resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(
      () => resolve(new DeadlineError(what, withinMs, this.#summary())),
      withinMs,
    );
    try {
      const outcome = await promise;
      this.throwFault();
      if (outcome instanceof Error) throw outcome;
      return outcome;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** Throws the first fault, if there is one. */
  throwFault(): void {
    if (this.#fault === undefined) return;
    this.#faultShown = true;
    throw this.#fault;
  }

  /** Throws the first fault unless somebody has seen it. */
  throwUnseenFault(): void {
    if (!this.#faultShown) this.throwFault();
  }

  #closedError(close: RawClose): Error {
    return new Error(`closed while waiting: ${Deno.inspect(close)}\n${this.#summary()}`);
  }

  #summary(): string {
    const tail = this.messages.slice(-5).map((message) => JSON.stringify(message).slice(0, 300));
    return `${this.messages.length} messages, the last:\n${tail.join("\n")}`;
  }
}
