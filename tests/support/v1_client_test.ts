import assert from "node:assert/strict";
import { decodeV1, V1DecodeError } from "./decode_v1.ts";
import { socketServer } from "./socket_server.ts";
import { telemetryUrl, V1Client } from "./v1_client.ts";
import { DeadlineError } from "./wait.ts";

const META = { clientId: "c", heartbeatIntervalSeconds: "15", rateLimitPerSecond: "120" };
const WELCOME = { type: "welcome", meta: META, timestamp: 1 };
const PRICE = {
  type: "event",
  channel: "market-data",
  data: {
    ...{ id: "X", symbol: "X", price: "1", source: "s", isSnapshot: false },
    ...{ updatedAt: "2026-01-01T00:00:00Z", timestamp: 1 },
  },
  meta: { seq: "1", epoch: "e" },
  timestamp: 1,
};

Deno.test("the decoder takes what the contract allows", () => {
  for (const message of [WELCOME, PRICE, { ...PRICE, replay: true }]) {
    assert.deepEqual(decodeV1(JSON.stringify(message)), message);
  }
});

Deno.test("the decoder refuses everything that would break a deployed client", () => {
  const { channel, data, ...rest } = PRICE;
  const bad: Record<string, unknown> = {
    "unknown key": { ...PRICE, seq: 1 },
    "is not a string": { ...PRICE, meta: { seq: 1, epoch: "e" } },
    "data before channel": { type: rest.type, data, channel, meta: rest.meta, timestamp: 1 },
    "timestamp is not": { ...PRICE, timestamp: "2026" },
    "unknown type": { ...PRICE, type: "status" },
    "replay is": { ...PRICE, replay: false },
    "unknown channel": { ...PRICE, channel: "market.data" },
    "without meta.seq": { ...PRICE, meta: { epoch: "e" } },
    "skipped": { ...PRICE, meta: { seq: "1", epoch: "e", skipped: "0" } },
    "data.updatedAt: expected an ISO time": { ...PRICE, data: { ...data, updatedAt: "noon" } },
    "data.price: expected a decimal": { ...PRICE, data: { ...data, price: 1 } },
    "data.updatedAt: unknown key": {
      ...PRICE,
      channel: "positions",
      data: { id: "1", updatedAt: "2026-01-01T00:00:00Z", timestamp: 1 },
      meta: { ...PRICE.meta, updatedAt: "2026-01-01T00:00:00Z" },
    },
    "welcome without": { ...WELCOME, meta: {} },
    "unknown reason": { type: "error", meta: { reason: "oops", message: "m" }, timestamp: 1 },
    "without replay": {
      type: "ack",
      channel: "subscription",
      meta: { channels: "" },
      timestamp: 1,
    },
  };
  for (const [fault, message] of Object.entries(bad)) {
    const isExpected = (error: unknown) =>
      error instanceof V1DecodeError && error.message.includes(fault);
    assert.throws(() => decodeV1(JSON.stringify(message)), isExpected, fault);
  }
  assert.throws(() => decodeV1("{"), V1DecodeError);
});

Deno.test("the client waits for messages, past and to come", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.send(JSON.stringify(WELCOME));
    socket.onmessage = ({ data }) => {
      if (String(data).includes("heartbeat")) {
        socket.send('{"type":"heartbeat","meta":{"direction":"ack"},"timestamp":1}');
      } else socket.send(JSON.stringify(PRICE));
    };
  });
  await using client = await V1Client.connect(server.url);
  assert.equal((await client.heartbeat()).type, "heartbeat");
  await client.send("go");
  await client.send("go");
  assert.equal((await client.waitForEvents("market-data", 2)).length, 2);
  const past = await client.waitFor("welcome", (message) => message.type === "welcome");
  assert.equal(past.meta?.["clientId"], "c");
  await assert.rejects(
    client.waitFor("never", () => false, { withinMs: 20 }),
    (error: Error) => error instanceof DeadlineError && error.message.includes("4 messages"),
  );
});

Deno.test("a message that breaks the contract fails the waiting client", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.send('{"type":"welcome","extra":1,"timestamp":1}');
  });
  await assert.rejects(V1Client.connect(server.url), V1DecodeError);
});

Deno.test("a message that breaks the contract fails even a test that looks away", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.send('{"type":"welcome","extra":1,"timestamp":1}');
  });
  const client = await V1Client.connect(server.url, { awaitWelcome: false });
  while (client.socket.bytesRead === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(client[Symbol.asyncDispose](), V1DecodeError);
});

Deno.test("a connection that ends fails who waits on it", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => {
      socket.send(JSON.stringify(WELCOME));
      socket.close(4400, "enough");
    };
  });
  await using client = await V1Client.connect(server.url);
  await assert.rejects(client.waitFor("more", () => false), /closed while waiting.*\n?.*4400/);
});

Deno.test("the address carries the query as deployed clients write it", () => {
  const url = telemetryUrl("ws://h:1", { clientId: "a b", channels: ["x", "y"], replay: true });
  assert.equal(url, "ws://h:1/ws/telemetry?clientId=a+b&channels=x%2Cy&replay=true");
});
