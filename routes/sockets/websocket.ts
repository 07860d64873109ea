/**
 * The WebSocket upgrade, and the runtime's WebSocket as our {@link Socket}.
 *
 * Hono's helper is not used: it compares `Upgrade` with case, echoes the first offered subprotocol
 * whatever it is, and hides `bufferedAmount`.
 *
 * @module
 */
import type { Clock, FrameSink, Socket } from "../../actors/ports.ts";

/** Receives the events of a socket. */
export interface SocketHandlers {
  /** Frames can be sent from now on. */
  open(socket: Socket): void;
  /** A message came in: a string, or binary data. */
  message(data: unknown): void;
  /** The runtime's ping was not answered in time; `close` follows. */
  pongTimeout(): void;
  /** The socket is gone. May come twice. */
  close(code: number): void;
  /** A listener threw an exception. */
  failed(error: unknown): void;
}

/** The runtime's message when a peer does not answer its ping. */
const PONG_TIMEOUT = /no response from ping/i;

/** A peer counts as quiet when it has sent nothing for this long, in ms. */
const QUIET_MILLIS = 50;

/** The longest wait for a quiet peer before a socket is closed, in ms. */
const MAX_QUIET_WAIT_MILLIS = 1_000;

/** The only version of the protocol (RFC 6455 §4.1). */
const WEBSOCKET_VERSION = "13";

/** `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Checks what the runtime does not check of a handshake: version, key, `Connection`.
 *
 * @returns What is wrong; `undefined` when nothing is.
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
export function isUpgrade({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";
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
  const options = protocol === undefined ? { idleTimeout } : { idleTimeout, protocol };
  const { socket, response } = Deno.upgradeWebSocket(offering(request, protocol), options);
  socket.binaryType = "arraybuffer";
  new DenoSocket(socket, clock, handlers);
  return response;
}

/**
 * Returns a request whose `Sec-WebSocket-Protocol` the runtime can read: it splits the list at every
 * comma with a space, and fails when the chosen subprotocol is not among the parts.
 */
function offering(request: Request, protocol: string | undefined): Request {
  if (protocol === undefined) return request;
  const offered = request.headers.get("sec-websocket-protocol") ?? "";
  if (offered.split(", ").includes(protocol)) return request;
  const headers = new Headers(request.headers);
  headers.set("sec-websocket-protocol", protocol);
  return new Proxy(request, {
    get: (target, name) => name === "headers" ? headers : Reflect.get(target, name, target),
  });
}

/** The events of a socket that are listened to. */
const EVENTS = ["open", "message", "error", "close"] as const;

/** The runtime's WebSocket. One object listens to all events of a socket, which saves memory. */
class DenoSocket implements Socket, EventListenerObject {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #handlers: SocketHandlers;
  #heardAt = -Infinity;
  #closing = false;

  constructor(socket: WebSocket, clock: Clock, handlers: SocketHandlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    for (const name of EVENTS) socket.addEventListener(name, this);
  }

  /** Catches every exception: one that leaves a listener would end the process. */
  handleEvent(event: Event): void {
    try {
      this.#handle(event);
    } catch (error) {
      this.#handlers.failed(error);
    }
  }

  get sink(): FrameSink {
    return this.#socket;
  }

  /**
   * The runtime closes a socket whose peer does not answer its ping. When writes are blocked, its
   * Close frame waits behind them, no event comes, and its own count reads 0 from then on.
   */
  get bufferedAmount(): number {
    return this.#socket.readyState === WebSocket.OPEN ? this.#socket.bufferedAmount : Infinity;
  }

  /** Dropped when the socket is closing. */
  send(frame: string): void {
    if (this.#closing) return;
    try {
      this.#socket.send(frame);
    } catch (error) {
      // Checked only after a failure: reading the state for every frame is a cost.
      if (this.#socket.readyState === WebSocket.OPEN) this.#handlers.failed(error);
    }
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closeWhenQuiet(code, reason, this.#clock.now() + MAX_QUIET_WAIT_MILLIS);
  }

  #handle(event: Event): void {
    switch (event.type) {
      case "open":
        this.#handlers.open(this);
        break;
      case "message":
        this.#heardAt = this.#clock.now();
        this.#handlers.message((event as MessageEvent).data);
        break;
      case "error":
        if (PONG_TIMEOUT.test((event as ErrorEvent).message ?? "")) this.#handlers.pongTimeout();
        break;
      case "close":
        this.#handleClose(event as CloseEvent);
        break;
    }
  }

  #handleClose({ code, reason }: CloseEvent): void {
    if (PONG_TIMEOUT.test(reason)) this.#handlers.pongTimeout();
    // The runtime keeps a closed socket for a while; without its listeners the connection is freed.
    for (const name of EVENTS) this.#socket.removeEventListener(name, this);
    this.#handlers.close(code);
  }

  /**
   * Waits until the peer is quiet: the runtime drops the connection, and our Close frame with it,
   * when it reads a message after `close()`. A client that floods would never see its close code.
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
