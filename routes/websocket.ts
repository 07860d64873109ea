/**
 * The WebSocket upgrade, and the runtime's WebSocket as our {@link Socket}.
 *
 * Hono's own helper misses `Upgrade: WebSocket` in another case, echoes the first offered
 * subprotocol whatever it is, and hides `bufferedAmount`; hence these few lines.
 *
 * @module
 */
import type { Socket } from "../actors/ports.ts";

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
  /** One of the others threw. */
  failed(error: unknown): void;
}

/** What the runtime says of a peer that does not answer its ping. */
const PONG_TIMEOUT = /no response from ping/i;

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Upgrades a request.
 *
 * @param protocol The negotiated subprotocol; `undefined` names none.
 * @param idleTimeoutSeconds The runtime pings after half of it in silence and gives up after it.
 * @throws {TypeError} When the handshake is malformed.
 */
export function upgrade(
  request: Request,
  protocol: string | undefined,
  idleTimeoutSeconds: number,
  handlers: SocketHandlers,
): Response {
  const idleTimeout = Math.max(1, Math.ceil(idleTimeoutSeconds));
  const { socket, response } = protocol === undefined
    ? Deno.upgradeWebSocket(request, { idleTimeout })
    : Deno.upgradeWebSocket(offering(request, protocol), { idleTimeout, protocol });
  socket.binaryType = "arraybuffer";
  listen(socket, handlers);
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
function listen(socket: WebSocket, handlers: SocketHandlers): void {
  const guard = <E>(listener: (event: E) => void) => (event: E) => {
    try {
      listener(event);
    } catch (error) {
      handlers.failed(error);
    }
  };
  socket.onopen = guard(() => handlers.open(new DenoSocket(socket)));
  socket.onmessage = guard((event: MessageEvent) => handlers.message(event.data));
  socket.onerror = guard((event: Event) => {
    if (event instanceof ErrorEvent && PONG_TIMEOUT.test(event.message)) handlers.pongTimeout();
  });
  socket.onclose = guard((event: CloseEvent) => {
    if (PONG_TIMEOUT.test(event.reason)) handlers.pongTimeout();
    handlers.close(event.code);
  });
}

class DenoSocket implements Socket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** A frame for a socket that is closing is late, not wrong: its `close` event is on the way. */
  send(frame: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState >= WebSocket.CLOSING) return;
    this.#socket.close(code, reason);
  }
}
