/**
 * `ws` on Node, as its documentation broadcasts; each frame is turned into bytes once, for all.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { announce, framesOf, portOf } from "./events.mjs";

// Resolved when it runs: the project itself does not depend on the peers.
const { WebSocket, WebSocketServer } = createRequire(import.meta.url)("ws");

const server = createServer((request, response) => {
  request.setEncoding("utf8");
  let body = "";
  request.on("data", (chunk) => body += chunk);
  request.on("end", () => {
    for (const frame of framesOf(body)) broadcast(Buffer.from(JSON.stringify(frame)));
    response.writeHead(202, { "Content-Length": 2 }).end("{}");
  });
});
const sockets = new WebSocketServer({ server });

function broadcast(bytes) {
  for (const client of sockets.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(bytes, { binary: false });
  }
}

server.listen(portOf(process.argv.slice(2)), "127.0.0.1", () => announce(server.address().port));
