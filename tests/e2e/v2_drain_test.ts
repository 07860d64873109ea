/**
 * How v2 clients are seen off: told first, before the v1 clients, who would be back at once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V1Client } from "../support/v1_client.ts";
import { V2Client } from "../support/v2_client.ts";

const COUNT = 12;

Deno.test("a drain tells v2 clients when to come back, and ends v1 clients last", async () => {
  await using gateway = await GatewayProcess.start({ env: { TELEMETRY_DRAIN_SECONDS: "3" } });
  const api = new HttpApi(gateway);
  const modern = await Promise.all(Array.from({ length: COUNT }, () => V2Client.to(gateway)));
  const { wsUrl, apiKey } = gateway;
  const deployed = await Promise.all(
    Array.from(
      { length: COUNT },
      () => V1Client.connect(wsUrl, { apiKey, channels: ["risk-alerts"] }),
    ),
  );
  try {
    await Promise.all(modern.map((client) => client.subscribe("risk-alerts")));
    await api.publish(riskAlert("before"));
    // Nobody has anything left to read, so that who hears first is who was told first.
    await Promise.all(modern.map((client) => client.waitUntilAt("risk-alerts", 1)));
    await Promise.all(deployed.map((client) => client.waitForEvents("risk-alerts", 1)));
    assert.equal((await gateway.stop()).code, 0);
    const hints = new Set<number>();
    let lastModern = 0;
    for (const client of modern) {
      const close = await client.closed;
      assert.equal(close.code, 1001);
      const hint = await client.waitForType("going_away");
      assert.ok(hint.atMs <= close.atMs);
      hints.add(hint.reconnectAfterMs);
      lastModern = Math.max(lastModern, close.atMs);
    }
    assert.ok(hints.size > 1, `jittered: ${[...hints]}`);
    for (const client of deployed) {
      const close = await client.closed;
      assert.equal(close.code, 1001);
      assert.ok(
        close.atMs >= lastModern,
        `v1 clients are last, but ${lastModern - close.atMs} ms early`,
      );
    }
  } finally {
    for (const client of [...modern, ...deployed]) await client[Symbol.asyncDispose]();
  }
});

Deno.test("what was accepted before a drain reaches v2 clients before the end, batches too", async () => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_DRAIN_SECONDS: "3", TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  await using client = await V2Client.to(gateway);
  await client.subscribe("risk-alerts", { name: "market-data", intervalMs: 30_000 });
  await api.publish(marketData("BTCUSDT", "1"));
  // Few enough that the socket takes them all: what waits for a slow reader is resumed later.
  await api.publish([
    ...Array.from({ length: 50 }, (_, index) => riskAlert(`last-words-${index}`)),
    ...Array.from({ length: 200 }, (_, index) => marketData("BTCUSDT", String(index))),
  ]);
  assert.equal((await gateway.stop()).code, 0);
  assert.equal((await client.closed).code, 1001);
  assert.equal(client.events("risk-alerts").length, 50);
  assert.equal(client.events("market-data").length, 201);
  assert.equal(client.messages.at(-1)!.type, "going_away");
});
