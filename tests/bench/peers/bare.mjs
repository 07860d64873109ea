/**
 * The floor: Deno's own server, and a loop that sends to everyone. It checks nothing, remembers
 * nothing, and would not notice a client that has stopped reading.
 *
 * @module
 */
import { announce, framesOf, portOf } from "./events.mjs";

const sockets = new Set();

Deno.serve({
  hostname: "127.0.0.1",
  port: portOf(Deno.args),
  onListen: ({ port }) => announce(port),
}, async (request) => {
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => sockets.add(socket);
    socket.onclose = () => sockets.delete(socket);
    return response;
  }
  for (const frame of framesOf(await request.text())) {
    const text = JSON.stringify(frame);
    for (const socket of sockets) socket.send(text);
  }
  return new Response("{}", { status: 202 });
});
