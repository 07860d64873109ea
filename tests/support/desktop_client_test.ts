import assert from "node:assert/strict";
import { DesktopClient } from "./desktop_client.ts";
import { socketServer } from "./socket_server.ts";

const QUICK = { retryDelayMs: 20, silenceMs: 400 };
const TICK = '{"type":"heartbeat","meta":{"direction":"server"},"timestamp":1}';

Deno.test("it comes back with no delay when an accepted connection ends, whatever the code", async () => {
  const codes = [1000, 1001, 4409, 4410];
  await using server = socketServer((socket) => {
    const code = codes.shift();
    socket.onopen = () => code === undefined ? socket.send(TICK) : socket.close(code);
  });
  await using desktop = DesktopClient.start(server.url.slice(0, -1), { silenceMs: 5_000 });
  await desktop.until("a fifth connection", ({ acceptedAt }) => acceptedAt.length === 5);
  assert.equal(desktop.refusedAt.length, 0);
  assert.ok(desktop.acceptedAt[4]! - desktop.acceptedAt[0]! < 2_000);
});

Deno.test("it gives up after five refused attempts in a row, with a pause between them", async () => {
  let requests = 0;
  await using server = socketServer(() => {}, () => {
    requests++;
    return new Response(null, { status: 503 });
  });
  await using desktop = DesktopClient.start(server.url.slice(0, -1), QUICK);
  await desktop.until("it gives up", ({ state }) => state === "gave up");
  assert.equal(requests, 5);
  assert.ok(desktop.refusedAt[4]! - desktop.refusedAt[0]! >= 80);
});

Deno.test("a closed port counts as a refusal, and an accepted connection starts the count anew", async () => {
  const accept = (socket: WebSocket) => {
    socket.onopen = () => socket.send(TICK);
  };
  const first = socketServer(accept);
  const { port } = first;
  await using desktop = DesktopClient.start(first.url.slice(0, -1), {
    retryDelayMs: 100,
    silenceMs: 10_000,
  });
  await desktop.until("connected", ({ acceptedAt }) => acceptedAt.length === 1);
  await first[Symbol.asyncDispose]();
  await desktop.until("three refusals", ({ refusedAt }) => refusedAt.length === 3);
  const again = socketServer(accept, undefined, 0, port);
  await desktop.until("back", ({ acceptedAt }) => acceptedAt.length === 2);
  await again[Symbol.asyncDispose]();
  await desktop.until("it gives up", ({ state }) => state === "gave up");
  assert.ok(desktop.refusedAt.length >= 3 + 5);
});

Deno.test("it starts over when it hears nothing", async () => {
  await using server = socketServer(() => {});
  await using desktop = DesktopClient.start(server.url.slice(0, -1), QUICK);
  await desktop.until(
    "a restart",
    ({ restarts, acceptedAt }) => restarts >= 1 && acceptedAt.length >= 2,
  );
});

Deno.test("it fails on what the deployed decoder cannot read", async () => {
  await using server = socketServer((socket) =>
    socket.onopen = () => socket.send('{"type":"heartbeat","new":1,"timestamp":1}')
  );
  await using desktop = DesktopClient.start(server.url.slice(0, -1), QUICK);
  await assert.rejects(desktop.until("never", () => false), /unknown key new/);
});
