import assert from "node:assert/strict";
import { rawRequest } from "./raw_http.ts";
import { RawWebSocket } from "./raw_websocket.ts";
import { HandshakeRefused } from "./ws_handshake.ts";
import { socketServer } from "./socket_server.ts";
import { waitUntil } from "./wait.ts";
import { OPCODE } from "./ws_frames.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("text goes both ways, whole or in fragments, with times that do not run back", async () => {
  await using server = socketServer((socket) => {
    socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
  });
  await using socket = await RawWebSocket.open(server.url);
  await socket.send("one");
  await socket.sendFrame({ opcode: OPCODE.text, payload: bytes("tw"), fin: false });
  await socket.sendFrame({ opcode: OPCODE.ping, payload: bytes("between") });
  await socket.sendFrame({ opcode: OPCODE.continuation, payload: bytes("o") });
  await socket.send("x".repeat(200_000));
  const first = await socket.nextText();
  const second = await socket.nextText();
  assert.equal(first.text, "echo one");
  assert.equal(second.text, "echo two");
  assert.ok(second.atMs >= first.atMs);
  assert.equal((await socket.nextText()).text.length, 200_005);
});

Deno.test("a refused handshake shows its status, headers and body", async () => {
  await using server = socketServer(
    () => {},
    () => new Response('{"error":1}', { status: 401, headers: { "X-Why": "no key" } }),
  );
  const refusal = await RawWebSocket.refused(server.url).catch((error) => error);
  assert.equal(refusal.status, 401);
  assert.equal(refusal.headers.get("x-why"), "no key");
  assert.equal(refusal.body, '{"error":1}');
  await assert.rejects(RawWebSocket.open(server.url), HandshakeRefused);
});

Deno.test("an upgrade where a refusal was expected is an error", async () => {
  await using server = socketServer(() => {});
  await assert.rejects(RawWebSocket.refused(server.url), /expected a refusal/);
});

Deno.test("headers are sent as given, and the negotiated subprotocol is shown", async () => {
  let seen = new Headers();
  await using server = socketServer(() => {}, (request) => {
    seen = new Headers(request.headers);
    return undefined;
  });
  await using socket = await RawWebSocket.open(server.url, {
    headers: { "upgrade": "WebSocket", "X-Custom": "a, b" },
    protocols: ["telemetry.v1", "other"],
  });
  assert.equal(seen.get("upgrade"), "WebSocket");
  assert.equal(seen.get("x-custom"), "a, b");
  assert.equal(seen.get("sec-websocket-protocol"), "telemetry.v1, other");
  assert.equal(socket.protocol, null);
});

Deno.test("a Close frame of the server is seen with code and reason, and answered", async () => {
  const ended = Promise.withResolvers<number>();
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.close(4410, "because");
    socket.onclose = ({ code }) => ended.resolve(code);
  });
  await using socket = await RawWebSocket.open(server.url);
  const { code, reason } = await socket.closed;
  assert.deepEqual({ code, reason }, { code: 4410, reason: "because" });
  await socket.ended;
  await ended.promise;
});

Deno.test("a client that ignores the Close frame keeps the server waiting", async () => {
  let serverSaw = false;
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.close(1001, "bye");
    socket.onclose = () => serverSaw = true;
  });
  const socket = await RawWebSocket.open(server.url, { answersClose: false });
  assert.equal((await socket.closed).code, 1001);
  assert.equal(serverSaw, false);
  await socket[Symbol.asyncDispose]();
  await waitUntil("the server sees the end", () => serverSaw, (seen) => seen);
});

Deno.test("a paused reader takes nothing until it reads by hand or resumes", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => {
      for (let index = 0; index < 1_000; index++) socket.send(`${index} ${"x".repeat(1_000)}`);
    };
  });
  await using socket = await RawWebSocket.open(server.url, { reading: false });
  const withHandshake = socket.bytesRead;
  const count = await socket.readSome(100);
  assert.ok(count > 0 && count <= 100);
  assert.equal(socket.bytesRead, withHandshake + count);
  socket.resume();
  for (let index = 0; index < 1_000; index++) {
    assert.ok((await socket.nextText()).text.startsWith(`${index} x`));
  }
});

Deno.test("a peer that does not answer pings is dropped by the runtime", async () => {
  await using server = socketServer((socket) => socket.onerror = () => {}, undefined, 1);
  await using deaf = await RawWebSocket.open(server.url, { answersPings: false });
  await using polite = await RawWebSocket.open(server.url);
  const { code } = await deaf.closed;
  assert.ok(code === 1001 || code === 1006, `code ${code}`);
  assert.ok(deaf.pings >= 1);
  assert.equal(polite.isClosed, false);
});

Deno.test("a dropped connection ends without a Close frame", async () => {
  const code = Promise.withResolvers<number>();
  await using server = socketServer((socket) => {
    socket.onerror = () => {};
    socket.onclose = (event) => code.resolve(event.code);
  });
  const socket = await RawWebSocket.open(server.url);
  await socket[Symbol.asyncDispose]();
  assert.equal((await socket.closed).code, 1006);
  assert.notEqual(await code.promise, 1000);
});

Deno.test("a raw request may name any Host", async () => {
  await using server = socketServer(
    () => {},
    (request) => new Response(`${request.method} ${request.headers.get("host")} é`),
  );
  const url = server.url.replace("ws:", "http:");
  const answer = await rawRequest(url, { method: "PUT", headers: { host: "evil.example" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.body, "PUT evil.example é");
});
