/**
 * The WebSocket upgrade, and the runtime's WebSocket as our {@link Socket}.
 *
 * Hono's own helper misses `Upgrade: WebSocket` in another case, echoes the first offered
 * subprotocol whatever it is, and hides `bufferedAmount`; hence these few lines.
 *
 * @module
 */
import type { Clock, Socket } from "../actors/ports.ts";

/** What the listeners of a socket do. */
export interface SocketHandlers {
  /** Frames can be sent from now on. */
  open(socket: Socket): void;
  /** A message came in: a string, or binary data. */
  message(data: unknown): void;
  /** The runtime's ping was not answered in time; `close` follows. */
  pongTimeout(): void;
  /** The socket is gone. May come twice. */
  close(code: number): void;
  /** Something threw that should not. */
  failed(error: unknown): void;
}

/** What the runtime says of a peer that does not answer its ping. */
const PONG_TIMEOUT = /no response from ping/i;

/** A peer that sent nothing for so long is quiet, in ms. */
const QUIET_MILLIS = 50;

/** How long quiet is waited for before a socket is closed, in ms. */
const MAX_QUIET_WAIT_MILLIS = 1_000;

/** The one version there is (RFC 6455 §4.1). */
const WEBSOCKET_VERSION = "13";

/** `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * What is wrong with a handshake, as the runtime does not look: version, key, `Connection`.
 *
 * @returns `undefined` when nothing is.
 */
export function handshakeFault({ headers }: Request): string | undefined {
  if (headers.get("sec-websocket-version") !== WEBSOCKET_VERSION) {
    return `Sec-WebSocket-Version must be ${WEBSOCKET_VERSION}`;
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    return "Sec-WebSocket-Key must be 16 bytes in base64";
  }
  const connection = headers.get("connection") ?? "";
  return /(^|,)\s*upgrade\s*(,|$)/i.test(connection) ? undefined : "Connection must name Upgrade";
}

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Upgrades a request whose handshake has no {@link handshakeFault}.
 *
 * @param protocol The negotiated subprotocol; `undefined` names none.
 * @param idleTimeoutSeconds The runtime pings after half of it in silence and gives up after it.
 * @throws {TypeError} When the handshake is malformed.
 */
export function upgrade(
  request: Request,
  protocol: string | undefined,
  idleTimeoutSeconds: number,
  clock: Clock,
  handlers: SocketHandlers,
): Response {
  const idleTimeout = Math.max(1, Math.ceil(idleTimeoutSeconds));
  const { socket, response } = protocol === undefined
    ? Deno.upgradeWebSocket(request, { idleTimeout })
    : Deno.upgradeWebSocket(offering(request, protocol), { idleTimeout, protocol });
  socket.binaryType = "arraybuffer";
  listen(socket, clock, handlers);
  return response;
}

/**
 * The request as if it offered one subprotocol alone. The runtime matches the chosen name against
 * the offered list as text, and fails when the list has no space after a comma.
 */
function offering(request: Request, protocol: string): Request {
  const headers = new Headers(request.headers);
  headers.set("Sec-WebSocket-Protocol", protocol);
  return Object.create(request, { headers: { value: headers } });
}

/** An exception in a listener would end the process, so none gets out. */
function listen(socket: WebSocket, clock: Clock, handlers: SocketHandlers): void {
  const adapter = new DenoSocket(socket, clock, handlers.failed);
  const guard = <E>(listener: (event: E) => void) => (event: E) => {
    try {
      listener(event);
    } catch (error) {
      handlers.failed(error);
    }
  };
  socket.onopen = guard(() => handlers.open(adapter));
  socket.onmessage = guard((event: MessageEvent) => {
    adapter.noteMessage();
    handlers.message(event.data);
  });
  socket.onerror = guard((event: Event) => {
    if (event instanceof ErrorEvent && PONG_TIMEOUT.test(event.message)) handlers.pongTimeout();
  });
  socket.onclose = guard((event: CloseEvent) => {
    if (PONG_TIMEOUT.test(event.reason)) handlers.pongTimeout();
    // The runtime keeps a socket for a while; what its listeners hold must not stay with it.
    socket.onopen =
      socket.onmessage =
      socket.onerror =
      socket.onclose =
        null;
    handlers.close(event.code);
  });
}

class DenoSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  #heardAt = -Infinity;
  #closing = false;

  constructor(socket: WebSocket, clock: Clock, failed: (error: unknown) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#failed = failed;
  }

  /**
   * The runtime closes a socket whose peer does not answer its ping. When writes are blocked, its
   * Close frame waits behind them, no event comes, and its own count reads 0 from then on.
   */
  get bufferedAmount(): number {
    return this.#socket.readyState === WebSocket.OPEN ? this.#socket.bufferedAmount : Infinity;
  }

  /** A message came in. */
  noteMessage(): void {
    this.#heardAt = this.#clock.now();
  }

  /** A frame for a socket that is closing is late, not wrong: its `close` event is on the way. */
  send(frame: string): void {
    if (this.#closing || this.#socket.readyState !== WebSocket.OPEN) return;
    try {
      this.#socket.send(frame);
    } catch (error) {
      this.#failed(error);
    }
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closeWhenQuiet(code, reason, this.#clock.now() + MAX_QUIET_WAIT_MILLIS);
  }

  /**
   * The runtime drops the connection, our Close frame included, when it reads a message after it
   * was asked to close. A client that is ended for sending too much would never learn why.
   */
  #closeWhenQuiet(code: number, reason: string, until: number): void {
    const now = this.#clock.now();
    const quietAt = Math.min(this.#heardAt + QUIET_MILLIS, until);
    if (now < quietAt) {
      this.#clock.setTimeout(() => this.#closeWhenQuiet(code, reason, until), quietAt - now);
    } else if (this.#socket.readyState < WebSocket.CLOSING) {
      this.#socket.close(code, reason);
    }
  }
}
