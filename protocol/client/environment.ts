/**
 * What the client takes from the platform. Tests bring their own; time stands still there.
 *
 * @module
 */

/** Time and timers. */
export interface ClientClock {
  /** Monotonic ms: all ages and deadlines are measured with it, so that clock steps do no harm. */
  now(): number;
  /** Epoch ms: only to show a time, such as `retryAt`. */
  epochMillis(): number;
  /** Calls once after `ms`. */
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/**
 * A handler of a socket. Platforms and packages declare their events each in their own way, and none
 * of them is a part of the other.
 */
// deno-lint-ignore no-explicit-any -- only so do the sockets of all platforms fit
export type SocketHandler = ((event: any) => void) | null;

/** The part of a WebSocket that the client uses. */
export interface SocketLike {
  /** Called with each message: `{data}`. */
  onmessage: SocketHandler;
  /** Called when it is over, perhaps twice: `{code, reason}`. */
  onclose: SocketHandler;
  /** Called when something failed; `onclose` follows, or not. */
  onerror: SocketHandler;
  send(text: string): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
}

/** Opens a WebSocket: that of the platform, or of the package `ws`. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}) => Promise<Response>;

/** What the client takes from the platform. */
export interface Environment {
  readonly clock: ClientClock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  readonly WebSocket: SocketConstructor;
  /** HTTP, to learn why a handshake was refused; not where there is none. */
  readonly fetch: Fetch | undefined;
  /** The page's events (`online`, `pageshow`); none outside of pages. */
  readonly window: EventTarget | undefined;
  /** The page's document (`visibilitychange`); none outside of pages. */
  readonly document: (EventTarget & { readonly visibilityState?: string }) | undefined;
}

/** Longest delay of a timer, in ms: platforms take a longer one for none at all. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

const CLOCK: ClientClock = {
  now: () => performance.now(),
  epochMillis: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_TIMER_MILLIS)),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/**
 * The platform, with what is given instead of it.
 *
 * @throws {TypeError} When there is no WebSocket: Node before 22 has none.
 */
export function environment(given: Partial<Environment> = {}): Environment {
  const platform = globalThis as unknown as Partial<Environment> & Record<string, unknown>;
  const WebSocket = given.WebSocket ?? platform.WebSocket;
  if (WebSocket === undefined) {
    throw new TypeError('no WebSocket here: pass that of the package "ws"');
  }
  const isPage = platform.document !== undefined;
  const { fetch } = platform;
  return {
    clock: CLOCK,
    random: Math.random,
    // Called without a receiver browsers refuse it.
    fetch: fetch && ((url, init) => fetch(url, init)),
    window: isPage ? globalThis : undefined,
    document: platform.document,
    ...given,
    WebSocket,
  };
}
