/**
 * How a v2 connection begins, and how it shows that it lives.
 *
 * @module
 */
import assert from "node:assert/strict";
import metadata from "../../deno.json" with { type: "json" };
import { marketData, position } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";

Deno.test("a v2 connection begins", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "0.5",
      TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "5",
      TELEMETRY_RATE_LIMIT_PER_SECOND: "77",
      TELEMETRY_FLUSH_INTERVAL_MS: "35",
    },
  });
  const api = new HttpApi(gateway);

  await t.step("the subprotocol is chosen by what was offered", async () => {
    await using client = await V2Client.to(gateway, {
      protocols: ["telemetry.v2", "telemetry.v1"],
    });
    assert.equal(client.socket.protocol, "telemetry.v2");
  });

  await t.step("the welcome says who, where and how fast", async () => {
    const before = Date.now();
    await using client = await V2Client.to(gateway, { clientId: "desk-1" });
    const { connectionId, timestamp, atMs: _, ...rest } = await client.waitForType("welcome");
    assert.deepEqual(rest, {
      type: "welcome",
      protocol: "telemetry.v2",
      version: metadata.version,
      features: ["acknowledge", "conflate", "filter", "interval", "resume", "snapshot", "status"],
      clientId: "desk-1",
      heartbeatIntervalSeconds: 0.5,
      rateLimitPerSecond: 77,
      flushIntervalMs: 35,
    });
    const [listed] = (await api.clients()).filter(({ id }) => id === "desk-1");
    assert.equal(listed!["connectionId"], connectionId);
    assert.equal(listed!["protocol"], "telemetry.v2");
    assert.ok(timestamp >= before && timestamp <= Date.now());
  });

  await t.step("heartbeats come, and are answered by id", async () => {
    await using client = await V2Client.to(gateway);
    await client.waitForType("heartbeat", ({ direction }) => direction === "server");
    const answer = await client.request({ id: "beat-1", action: "heartbeat" });
    assert.ok(answer.type === "heartbeat");
    assert.deepEqual([answer.direction, answer.id], ["ack", "beat-1"]);
    await client.send('{"action":"heartbeat"}');
    await client.waitForType(
      "heartbeat",
      ({ direction, id }) => direction === "ack" && id === undefined,
    );
  });

  await t.step("channels of the address are subscribed at the head", async () => {
    await api.publish([position("p1"), marketData("BTCUSDT", "1")]);
    await using client = await V2Client.to(gateway, { channels: ["position", "market.data"] });
    const ack = await client.waitForType("ack");
    assert.equal(ack.id, undefined);
    assert.deepEqual(Object.keys(ack.channels!).toSorted(), ["market-data", "positions"]);
    assert.equal(ack.channels!.positions!.seq, 1);
    await api.publish(position("p2"));
    await client.waitUntilAt("positions", 2);
    assert.deepEqual(client.events("positions").map(({ seq }) => seq), [2]);
    assert.deepEqual(client.snapshots("positions"), []);
  });

  await t.step("replay in the address is a snapshot", async () => {
    await using client = await V2Client.to(gateway, { channels: ["positions"], replay: true });
    const part = await client.waitForType("snapshot");
    assert.deepEqual([part.channel, part.seq, part.last], ["positions", 2, true]);
    assert.deepEqual(part.events.map(({ data }) => data.id).toSorted(), ["p1", "p2"]);
    await api.publish(position("p3"));
    await client.waitUntilAt("positions", 3);
    assert.deepEqual([...client.ledger.of("positions").table.keys()].toSorted(), [
      "p1",
      "p2",
      "p3",
    ]);
  });

  await t.step(
    "an unknown channel of the address is answered, and the connection lives",
    async () => {
      await using client = await V2Client.to(gateway, { channels: ["candles"] });
      const error = await client.waitForType("error");
      assert.deepEqual([error.code, error.id], ["invalid_channels", undefined]);
      await client.subscribe("positions");
    },
  );
});
