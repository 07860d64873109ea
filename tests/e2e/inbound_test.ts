/**
 * What clients send wrongly or too often: it is answered, and only repetition ends a connection.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatewayProcess } from "../support/gateway_process.ts";
import { V1Client } from "../support/v1_client.ts";
import { pause } from "../support/wait.ts";
import { encodeFrame, OPCODE } from "../support/ws_frames.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Many messages in one piece: nothing is on its way any more when the first of them is answered. */
function burst(text: string, count: number): Uint8Array {
  const frame = encodeFrame({ opcode: OPCODE.text, payload: bytes(text) });
  const whole = new Uint8Array(frame.length * count);
  for (let index = 0; index < count; index++) whole.set(frame, index * frame.length);
  return whole;
}

Deno.test("what a client sends wrongly is answered, and only repetition ends it", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_INBOUND_MESSAGES_PER_SECOND: "1000" },
  });
  const { wsUrl, apiKey } = gateway;

  const malformed: Record<string, [string, string]> = {
    "no JSON": ["{", "invalid_payload"],
    "an empty text": ["", "invalid_payload"],
    "a number": ["42", "invalid_payload"],
    "null": ["null", "invalid_payload"],
    "an array": ['[{"action":"heartbeat"}]', "invalid_payload"],
    "no action": ['{"channels":["positions"]}', "invalid_payload"],
    "an action that is no text": ['{"action":1}', "invalid_payload"],
    "an unknown action": ['{"action":"publish"}', "unknown_action"],
    "no channels": ['{"action":"subscribe"}', "invalid_channels"],
    "channels that are no list": ['{"action":"subscribe","channels":"x"}', "invalid_channels"],
    "a channel that is no text": ['{"action":"subscribe","channels":[1]}', "invalid_channels"],
    "a replay that is no boolean": [
      '{"action":"subscribe","channels":["positions"],"replay":"yes"}',
      "invalid_payload",
    ],
  };
  for (const [name, [text, reason]] of Object.entries(malformed)) {
    await t.step(`${name}: ${reason}, and the connection lives`, async () => {
      await using client = await V1Client.connect(wsUrl, { apiKey });
      assert.equal((await client.provoke(text)).meta!["reason"], reason);
      await client.heartbeat();
    });
  }

  await t.step("a binary frame is answered, and the connection lives", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const from = client.messages.length;
    await client.socket.sendFrame({
      opcode: OPCODE.binary,
      payload: bytes('{"action":"heartbeat"}'),
    });
    const error = await client.waitFor("error", ({ type }) => type === "error", { from });
    assert.equal(error.meta!["reason"], "invalid_payload");
    await client.heartbeat();
  });

  await t.step("repeating it too often ends with 4400", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.socket.sendBytes(burst("{", 300));
    await client.waitFor("error", ({ type }) => type === "error");
    assert.equal((await client.closed).code, 4400);
  });

  await t.step("a message that is too long is too_large, or 1009", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const from = client.messages.length;
    await client.send(JSON.stringify({ action: "heartbeat", pad: "x".repeat(100_000) }));
    const error = client.waitFor("error", ({ type }) => type === "error", { from });
    const outcome = await Promise.race([
      client.closed.then(({ code }) => code),
      error.then(({ meta }) => meta!["reason"]).catch(() => client.closed.then((end) => end.code)),
    ]);
    assert.ok(outcome === "too_large" || outcome === 1009, String(outcome));
  });

  await t.step("a message of megabytes ends with 1009", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.send("x".repeat(4 * 1024 * 1024));
    assert.equal((await client.closed).code, 1009);
  });

  await t.step("bytes that are no frame cost only their own connection", async () => {
    await using other = await V1Client.connect(wsUrl, { apiKey });
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.socket.sendBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    await client.closed;
    await other.heartbeat();
  });

  await t.step("text that is not UTF-8 costs only its own connection", async () => {
    await using other = await V1Client.connect(wsUrl, { apiKey });
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.socket.sendFrame({ opcode: OPCODE.text, payload: Uint8Array.of(0xc3, 0x28) });
    await Promise.race([client.closed, client.waitFor("error", ({ type }) => type === "error")]);
    await other.heartbeat();
  });
});

Deno.test("a client that sends too much is told so, and ended if it goes on", async (t) => {
  await using gateway = await GatewayProcess.start();
  const { wsUrl, apiKey } = gateway;
  await using other = await V1Client.connect(wsUrl, { apiKey });

  await t.step("a burst over the limit is answered with rate_limited, then 4429", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.socket.sendBytes(burst('{"action":"heartbeat"}', 500));
    assert.equal((await client.closed).code, 4429);
    const errors = client.messages.filter(({ type }) => type === "error");
    assert.ok(errors.length > 0);
    assert.ok(errors.every(({ meta }) => meta!["reason"] === "rate_limited"));
    await other.heartbeat();
  });

  await t.step("a little too much is forgiven", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    for (let index = 0; index < 15; index++) await client.heartbeat();
    assert.ok(client.messages.every(({ type }) => type !== "error"));
  });

  await t.step("an endless flood ends, and others are served throughout", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "flood" });
    // Data is always on its way here, and the runtime then drops TCP before its Close frame is out:
    // the code is in the log only.
    const heartbeat = '{"action":"heartbeat"}';
    let sent = 0;
    while (!client.socket.isClosed && ++sent < 200_000) {
      await client.send(heartbeat).catch(() => {});
      if (sent % 500 === 0) await pause(1); // lets this process read as well
    }
    await client.closed;
    await gateway.log("closed with 4429", (line) => {
      const text = JSON.stringify(line);
      return text.includes('"flood"') && text.includes("4429");
    });
    await other.heartbeat();
  });
});
