/**
 * What a v2 client is told when it asks for what cannot be.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_CLIENT_MESSAGE_LENGTH } from "../../protocol/client_action.ts";
import { position } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";
import { OPCODE } from "../support/ws_frames.ts";

Deno.test("v2 requests that cannot be carried out are answered and change nothing", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);

  await t.step(
    "an unknown channel among known ones: an error with the id, nothing else",
    async () => {
      await using client = await V2Client.to(gateway, { clientId: "asks" });
      await client.subscribe({ name: "positions", filter: { traderIds: ["42"] } });
      const answer = await client.request({
        id: "q-1",
        action: "subscribe",
        channels: ["trader-status", "candles", "positions"],
      });
      assert.ok(answer.type === "error");
      assert.deepEqual([answer.code, answer.id], ["invalid_channels", "q-1"]);
      assert.match(answer.message, /candles.*known are.*risk-alerts/);
      const [listed] = (await api.clients()).filter(({ id }) => id === "asks");
      assert.deepEqual(listed!["subscribedChannels"], ["positions"]);
      // The filter of the living subscription is the old one.
      const { last } = await api.publish([position("a", { traderId: "7" }), position("b")]);
      await client.waitUntilAt("positions", last.positions.seq);
      assert.deepEqual(client.events("positions").map(({ data }) => data.id), ["b"]);
      const other = await client.request({
        action: "unsubscribe",
        channels: ["candles", "position"],
      });
      assert.ok(other.type === "error" && other.code === "invalid_channels");
      const again = await api.publish(position("c"));
      await client.waitUntilAt("positions", again["last"].positions.seq);
    },
  );

  await t.step("each fault has its code, and the id where there is one", async () => {
    await using client = await V2Client.to(gateway);
    const channel = (rest: Record<string, unknown>) =>
      JSON.stringify({ id: "7", action: "subscribe", channels: [{ name: "positions", ...rest }] });
    const faults: readonly (readonly [code: string, id: string | undefined, text: string])[] = [
      ["invalid_payload", undefined, "hello"],
      ["invalid_payload", "7", '{"id":"7"}'],
      ["unknown_action", "7", '{"id":"7","action":"publish"}'],
      ["invalid_payload", "7", '{"id":"7","action":"subscribe"}'],
      ["invalid_payload", "7", channel({ filter: { symbol: ["X"] } })],
      ["invalid_payload", "7", channel({ replay: true })],
      [
        "invalid_channels",
        "7",
        '{"id":"7","action":"subscribe","channels":["position","POSITIONS"]}',
      ],
      ["too_large", undefined, `"${"x".repeat(MAX_CLIENT_MESSAGE_LENGTH)}"`],
    ];
    for (const [code, id, text] of faults) {
      const error = await client.provoke(text);
      assert.deepEqual([error.code, error.id], [code, id], text.slice(0, 200));
      assert.ok(error.message.length > 0);
    }
    const from = client.messages.length;
    await client.socket.sendFrame({ opcode: OPCODE.binary, payload: new Uint8Array(3) });
    const error = await client.waitForType("error", () => true, { from });
    assert.equal(error.code, "invalid_payload");
    assert.equal((await client.heartbeat()).type, "heartbeat", "it lives on");
  });

  await t.step("one that goes on is ended with 4400", async () => {
    await using client = await V2Client.to(gateway);
    for (let count = 0; count <= 10; count++) await client.send("nonsense");
    assert.equal((await client.closed).code, 4400);
    assert.equal(client.messages.filter(({ type }) => type === "error").length, 10);
  });

  await t.step("a flood is answered with rate_limited, then ended with 4429", async () => {
    await using client = await V2Client.to(gateway);
    for (let count = 0; count < 60; count++) await client.send('{"action":"heartbeat"}');
    assert.equal((await client.closed).code, 4429);
    const error = await client.waitForType("error");
    assert.equal(error.code, "rate_limited");
  });

  await t.step("who may not acknowledge is told so", async () => {
    await using open = await GatewayProcess.start({
      env: { TELEMETRY_ANONYMOUS_SCOPES: "subscribe" },
    });
    await using client = await V2Client.connect(open.wsUrl);
    const answer = await client.request({ action: "acknowledge", alerts: [{ id: "a" }] });
    assert.ok(answer.type === "error" && answer.code === "forbidden", JSON.stringify(answer));
    await client.subscribe("risk-alerts");
  });
});
