/**
 * One WebSocket from its handshake to its end, with everything odd about the platforms' sockets kept
 * here.
 *
 * @module
 */
import type { SocketConstructor, SocketLike } from "./environment.ts";

/** The close code that stands for an ending without one (RFC 6455 §7.4.1). */
const ABNORMAL = 1006;

/** The close code of messages that are no JSON text; never sent. */
const UNREADABLE = 1007;

/** What happens on a {@link Link}. */
export interface LinkListener {
  /** A message, parsed. */
  message(value: Readonly<Record<string, unknown>>): void;
  /** It is over; called once, and nothing after it. */
  ended(code: number, reason: string): void;
}

/** One WebSocket. */
export class Link {
  readonly #listener: LinkListener;
  #socket: SocketLike | undefined;

  /** Opens it. A constructor that throws ends it at once, without calling the listener. */
  constructor(
    WebSocket: SocketConstructor,
    url: string,
    protocols: string[],
    listener: LinkListener,
  ) {
    this.#listener = listener;
    const socket = new WebSocket(url, protocols);
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(data);
    socket.onclose = ({ code, reason }: { code?: number; reason?: string }) =>
      this.#end(code || ABNORMAL, reason ?? "");
    // Node's `ws` ends the process over an error that nobody listens to; some platforms report no
    // close after it.
    socket.onerror = () => this.#end(ABNORMAL, "");
  }

  /** Sends a message; one that cannot be sent is dropped, as the ending follows. */
  send(message: unknown): void {
    try {
      this.#socket?.send(typeof message === "string" ? message : JSON.stringify(message));
    } catch {
      this.#end(ABNORMAL, "");
    }
  }

  /** Ends it from this side: the listener is not called any more, whatever the peer does. */
  close(code = 1000): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = socket.onclose = null;
    socket.onerror = () => {};
    try {
      socket.close(code);
    } catch {
      // It was never open, or is closed already.
    }
  }

  #receive(data: unknown): void {
    if (this.#socket === undefined) return;
    let value: unknown;
    try {
      value = JSON.parse(data as string);
    } catch {
      value = undefined;
    }
    if (typeof value === "object" && value !== null) this.#listener.message(value as never);
    else this.#end(UNREADABLE, "a message is not JSON");
  }

  #end(code: number, reason: string): void {
    if (this.#socket === undefined) return;
    this.close();
    this.#listener.ended(code, reason);
  }
}
