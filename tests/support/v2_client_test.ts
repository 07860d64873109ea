import assert from "node:assert/strict";
import type { ServerMessageV2 } from "../../protocol/v2/server_message.ts";
import { decodeV2, V2DecodeError } from "./decode_v2.ts";
import { marketData, riskAlert } from "./events.ts";
import { socketServer } from "./socket_server.ts";
import { V2Client } from "./v2_client.ts";
import { LedgerError } from "./v2_ledger.ts";
import { DeadlineError, waitUntil } from "./wait.ts";

const WELCOME: ServerMessageV2 = {
  type: "welcome",
  protocol: "telemetry.v2",
  clientId: "c",
  version: "0.1.0",
  features: [] as string[],
  connectionId: "1",
  heartbeatIntervalSeconds: 15,
  rateLimitPerSecond: 120,
  flushIntervalMs: 50,
  timestamp: 1,
};
const TIME = { createdAt: "2026-01-01T00:00:00.000Z", timestamp: Date.parse("2026-01-01") };
const ALERT = { seq: 1, timestamp: 1, data: { ...riskAlert("a").data, id: "a", ...TIME } };
const FRAME: ServerMessageV2 = {
  type: "events",
  channel: "risk-alerts",
  from: 1,
  to: 1,
  skipped: 0,
  filtered: 0,
  replay: false,
  events: [ALERT],
};

/** A server that speaks as it is told, and answers subscriptions. */
function scripted(...afterAck: readonly unknown[]) {
  return socketServer((socket) => {
    socket.onopen = () => socket.send(JSON.stringify(WELCOME));
    socket.onmessage = ({ data }) => {
      const { id, action } = JSON.parse(String(data));
      const channels = { "risk-alerts": { epoch: "e", seq: 0 } };
      if (action === "heartbeat") {
        socket.send(JSON.stringify({ type: "heartbeat", id, direction: "ack", timestamp: 1 }));
      } else if (action === "subscribe") {
        socket.send(JSON.stringify({ type: "ack", id, ok: true, channels }));
        for (const message of afterAck) socket.send(JSON.stringify(message));
      } else {
        socket.send(JSON.stringify({ type: "error", id, code: "not_found", message: "m" }));
      }
    };
  });
}

Deno.test("the v2 decoder takes what the contract allows", () => {
  const acknowledged = {
    ...ALERT.data,
    status: "ACKNOWLEDGED",
    acknowledgedBy: "ops",
    acknowledgedAt: TIME.createdAt,
  };
  const removal = { seq: 1, timestamp: 1, data: { id: "X", removed: true } };
  const messages = [
    WELCOME,
    FRAME,
    { ...FRAME, events: [{ ...ALERT, data: acknowledged }] },
    { ...FRAME, channel: "market-data", events: [removal] },
    { type: "going_away", reconnectAfterMs: 100 },
  ];
  for (const message of messages) assert.deepEqual(decodeV2(JSON.stringify(message)), message);
});

Deno.test("the v2 decoder refuses what the contract does not say", () => {
  const price = { id: "X", ...marketData("X", "1").data };
  const bad: readonly (readonly [fault: string, message: unknown])[] = [
    ["unknown keys", { ...WELCOME, extra: 1 }],
    ["unknown keys", { ...FRAME, events: [{ ...ALERT, channel: "risk-alerts" }] }],
    ["not accounted for", { ...FRAME, to: 2 }],
    ["timestamp is not", { ...FRAME, channel: "market-data", events: [{ ...ALERT, data: price }] }],
    ["ISO time", { ...FRAME, events: [{ ...ALERT, data: { ...ALERT.data, timestamp: 1 } }] }],
    ["severity", { ...FRAME, events: [{ ...ALERT, data: { ...ALERT.data, severity: "X" } }] }],
    ["acknowledgedBy", {
      ...FRAME,
      events: [{ ...ALERT, data: { ...ALERT.data, acknowledgedBy: "ops" } }],
    }],
    ["removed", { ...FRAME, events: [{ ...ALERT, data: { id: "a", removed: false } }] }],
    ["type", { ...WELCOME, type: "hello" }],
  ];
  for (const [fault, message] of bad) {
    const isExpected = (error: unknown) =>
      error instanceof V2DecodeError && error.message.includes(fault);
    assert.throws(() => decodeV2(JSON.stringify(message)), isExpected, fault);
  }
  assert.throws(() => decodeV2("{"), V2DecodeError);
});

Deno.test("requests are answered by id, and frames are read as events", async () => {
  await using server = scripted(FRAME);
  await using client = await V2Client.connect(server.url);
  const [ack, beat, refusal] = await Promise.all([
    client.subscribe("risk-alerts"),
    client.heartbeat(),
    client.request({ action: "acknowledge", alerts: [{ id: "a" }] }),
  ]);
  assert.deepEqual([ack.type, beat.type, refusal.type], ["ack", "heartbeat", "error"]);
  await client.waitUntilAt("risk-alerts", 1);
  assert.deepEqual(client.events("risk-alerts"), [ALERT]);
  assert.equal(client.frames("risk-alerts").length, 1);
  assert.deepEqual(client.snapshots("risk-alerts"), []);
  assert.deepEqual(client.ledger.place("risk-alerts"), { epoch: "e", seq: 1 });
  await assert.rejects(client.acknowledge({ id: "a" }), /not_found/);
  await assert.rejects(client.waitUntilAt("risk-alerts", 2, 20), DeadlineError);
});

Deno.test("a client that keeps nothing still waits and accounts", async () => {
  await using server = scripted(FRAME);
  await using client = await V2Client.connect(server.url, { keep: false });
  await client.subscribe("risk-alerts");
  await client.waitUntilAt("risk-alerts", 1);
  assert.equal(client.messages.length, 1, "the welcome");
  assert.equal(client.ledger.total().delivered, 1);
});

Deno.test("what does not add up fails even a test that looks away", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.send(JSON.stringify(WELCOME));
    socket.onmessage = () => socket.send(JSON.stringify(FRAME));
  });
  const client = await V2Client.connect(server.url);
  await client.send("go");
  await waitUntil("the frame is in", () => client.ledger.violations, ({ length }) => length > 0);
  await assert.rejects(client[Symbol.asyncDispose](), LedgerError);
});

Deno.test("a message that breaks the contract fails who waits", async () => {
  await using server = socketServer((socket) => {
    socket.onopen = () => socket.send(JSON.stringify({ ...WELCOME, extra: 1 }));
  });
  await assert.rejects(V2Client.connect(server.url), V2DecodeError);
});

Deno.test("a connection that ends closes the books for resuming", async () => {
  await using server = scripted(FRAME);
  await using client = await V2Client.connect(server.url);
  await client.subscribe("risk-alerts");
  await client.waitUntilAt("risk-alerts", 1);
  await client.close();
  assert.equal(client.ledger.of("risk-alerts").isStreaming, false);
  assert.deepEqual(client.ledger.place("risk-alerts"), { epoch: "e", seq: 1 });
});
