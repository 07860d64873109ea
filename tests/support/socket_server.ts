/**
 * A small WebSocket server to try the clients of this folder on.
 *
 * @module
 */

/** A running server; disposing of it closes everything. */
export interface SocketServer extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>/` */
  readonly url: string;
  readonly port: number;
  /** The sockets that were accepted and have not ended. */
  readonly sockets: ReadonlySet<WebSocket>;
}

/**
 * Starts a server on any free port, or on the one given.
 *
 * @param accept Receives every accepted socket.
 * @param answer Answers a request instead of the upgrade when it returns a response.
 * @param idleTimeout Seconds of silence after which the runtime closes a socket; 0 for never.
 */
export function socketServer(
  accept: (socket: WebSocket) => void,
  answer: (request: Request) => Response | undefined = () => undefined,
  idleTimeout = 0,
  port = 0,
): SocketServer {
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const given = answer(request);
    if (given !== undefined) return given;
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout });
    sockets.add(socket);
    socket.addEventListener("close", () => sockets.delete(socket));
    socket.addEventListener("error", (event) => event.preventDefault());
    accept(socket);
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}/`,
    port: server.addr.port,
    sockets,
    async [Symbol.asyncDispose]() {
      // Versions differ in whether shutdown closes sockets; ending them first fits all.
      for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.close();
      await server.shutdown();
    },
  };
}
