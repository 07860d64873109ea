/**
 * Socket.IO on Node: `io.emit`, which serialises once and broadcasts through its adapter.
 *
 * @module
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { announce, framesOf, portOf } from "./events.mjs";

// Resolved when it runs: the project itself does not depend on the peers.
const { Server } = createRequire(import.meta.url)("socket.io");

const server = createServer((request, response) => {
  request.setEncoding("utf8");
  let body = "";
  request.on("data", (chunk) => body += chunk);
  request.on("end", () => {
    for (const frame of framesOf(body)) io.emit("event", frame);
    response.writeHead(202, { "Content-Length": 2 }).end("{}");
  });
});
const io = new Server(server, { transports: ["websocket"] });

server.listen(portOf(process.argv.slice(2)), "127.0.0.1", () => announce(server.address().port));
