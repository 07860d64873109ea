/**
 * Bun's native publish: the runtime keeps the subscribers and frames each message itself. With a
 * second argument it gathers events for so many ms and publishes them as one frame, as protocol v2
 * of the gateway does.
 *
 * @module
 */
import process from "node:process";
import { announce, batchOf, framesOf, portOf } from "./events.mjs";

const CHANNEL = "market-data";
const args = process.argv.slice(2);
const batchMillis = Number(args[1] ?? 0);
let pending = [];

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: portOf(args),
  async fetch(request, server) {
    if (server.upgrade(request)) return;
    const frames = framesOf(await request.text());
    if (batchMillis > 0) pending.push(...frames);
    else for (const frame of frames) server.publish(CHANNEL, JSON.stringify(frame));
    return new Response("{}", { status: 202 });
  },
  websocket: {
    open: (socket) => socket.subscribe(CHANNEL),
    message: () => {},
  },
});

if (batchMillis > 0) {
  setInterval(() => {
    if (pending.length === 0) return;
    server.publish(CHANNEL, JSON.stringify(batchOf(pending)));
    pending = [];
  }, batchMillis);
}

announce(server.port);
