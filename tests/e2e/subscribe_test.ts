/**
 * Subscribing and unsubscribing, under every name that a channel has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V1Client } from "../support/v1_client.ts";
import { OPCODE } from "../support/ws_frames.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a client subscribes, changes its mind and is told what was wrong", async (t) => {
  await using gateway = await GatewayProcess.start();
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);

  await t.step("welcome, ack, replayed events and live events come in this order", async () => {
    await api.publish([traderStatus("1"), riskAlert("a1"), marketData("ETHUSDT", "1500.5")]);
    await using client = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "order",
      channels: ["trader-status", "risk-alerts", "market-data"],
      replay: true,
    });
    await client.waitForEvents("market-data", 1);
    await api.publish(riskAlert("a2"));
    await client.waitForEvents("risk-alerts", 2);
    const kinds = client.messages.map((one) => one.type === "event" ? one.replay : one.type);
    assert.deepEqual(kinds, ["welcome", "ack", true, true, true, undefined]);
    const [welcome, ack] = client.messages;
    assert.equal(welcome!.meta!["clientId"], "order");
    assert.equal(welcome!.meta!["heartbeatIntervalSeconds"], "15");
    assert.equal(welcome!.meta!["rateLimitPerSecond"], "120");
    assert.equal(ack!.replay, true);
    assert.deepEqual(
      ack!.meta!["channels"]!.split(", ").sort(),
      ["market-data", "risk-alerts", "trader-status"],
    );
  });

  await t.step("a client without id and channels is welcomed and gets nothing else", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: null });
    assert.ok(client.messages[0]!.meta!["clientId"]);
    await api.publish(riskAlert("a3"));
    await client.heartbeat();
    assert.deepEqual(client.messages.map(({ type }) => type), ["welcome", "heartbeat"]);
  });

  await t.step("aliases are accepted everywhere and answered with the wire names", async () => {
    await using client = await V1Client.connect(wsUrl, {
      apiKey,
      channels: ["trader.status", "position"],
      replay: false,
    });
    const first = await client.waitFor("ack", ({ type }) => type === "ack");
    assert.deepEqual(first.meta!["channels"]!.split(", "), ["trader-status", "positions"]);
    assert.equal(first.replay, false);
    const second = await client.subscribe(["RISK.ALERT", "market_data", "System.Warning"]);
    assert.deepEqual(
      second.meta!["channels"]!.split(", "),
      ["risk-alerts", "market-data", "system-warnings"],
    );
    await api.publish({ ...position("p1"), channel: "POSITION" });
    await client.waitForEvents("positions", 1);
  });

  await t.step("actions are compared without case", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const message = { action: "SUBSCRIBE", channels: ["positions"] };
    const ack = await client.ask(message, "ack", ({ type }) => type === "ack");
    assert.equal(ack.meta!["channels"], "positions");
  });

  await t.step("known channels are subscribed, and an error names the unknown ones", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const ack = await client.subscribe(["positions", "weather"]);
    assert.equal(ack.meta!["channels"], "positions");
    const error = await client.waitFor("error", ({ type }) => type === "error");
    assert.equal(error.meta!["reason"], "invalid_channels");
    assert.match(error.meta!["message"]!, /weather/);
    await api.publish(position("p2"));
    await client.waitForEvents("positions", 1);
  });

  await t.step("unknown channels only: an error, no subscription, a live connection", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const error = await client.provoke('{"action":"subscribe","channels":["weather"]}');
    assert.equal(error.meta!["reason"], "invalid_channels");
    await client.heartbeat();
    assert.ok(!client.messages.some(({ type }) => type === "ack"));
  });

  await t.step("unknown channels in the address are named, the known ones subscribed", async () => {
    await using client = await V1Client.connect(wsUrl, {
      apiKey,
      channels: ["positions", "weather"],
    });
    const error = await client.waitFor("error", ({ type }) => type === "error");
    assert.match(error.meta!["message"]!, /weather/);
    await client.waitFor(
      "ack",
      ({ type, meta }) => type === "ack" && meta?.["channels"] === "positions",
    );
  });

  await t.step("after unsubscribing nothing more of that channel comes", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    await client.subscribe(["positions", "risk-alerts"]);
    const ack = await client.unsubscribe(["position"]);
    assert.equal(ack.channel, "unsubscribe");
    await api.publish([position("p3"), riskAlert("a4")]);
    await client.waitForEvents("risk-alerts", 1);
    await client.heartbeat();
    assert.deepEqual(client.events("positions"), []);
    const [listed] = (await api.clients()).filter((one) =>
      one["id"] === client.messages[0]!.meta!["clientId"]
    );
    assert.deepEqual(listed?.["subscribedChannels"], ["risk-alerts"]);
  });

  await t.step("after the last unsubscribe the connection is authenticated again", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "back" });
    const state = async () => (await api.client("back")).body;
    const stateOf = async () => JSON.stringify(await state()).match(/"state":"([a-z-]+)"/)?.[1];
    assert.equal(await stateOf(), "authenticated");
    await client.subscribe(["positions"]);
    assert.equal(await stateOf(), "subscribed");
    await client.unsubscribe(["positions"]);
    assert.equal(await stateOf(), "authenticated");
  });

  await t.step("a heartbeat is answered with direction ack", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    assert.deepEqual((await client.heartbeat()).meta, { direction: "ack" });
  });

  await t.step("a message in fragments is one message", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const text = '{"action":"heartbeat"}';
    const from = client.messages.length;
    const parts = [text.slice(0, 5), text.slice(5, 12), text.slice(12)];
    for (const [index, part] of parts.entries()) {
      await client.socket.sendFrame({
        opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
        payload: bytes(part),
        fin: index === parts.length - 1,
      });
    }
    await client.waitFor("ack", ({ type }) => type === "heartbeat", { from });
  });
});
