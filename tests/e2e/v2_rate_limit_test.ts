/**
 * A v2 client is metered by frames, and what it is not sent stands in `skipped`, in the statistics
 * and in the metrics.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";
import { pause, waitUntil } from "../support/wait.ts";

const LIMIT = 20;
const ROUNDS = 250;
const PREFIX = "autotrader_telemetry_messages_";

Deno.test("over its rate a v2 client is conflated, and everything is accounted for", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_RATE_LIMIT_PER_SECOND: String(LIMIT),
      // As good as unbatched, so that frames come faster than the limit.
      TELEMETRY_FLUSH_INTERVAL_MS: "5",
      TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "1",
      TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "5",
    },
  });
  const api = new HttpApi(gateway);
  await using client = await V2Client.to(gateway);
  await client.subscribe("market-data", "risk-alerts");
  const from = performance.now();
  for (let round = 1; round <= ROUNDS; round++) {
    await api.publish([
      marketData(`S${round % 2}`, String(round)),
      marketData(`S${round % 2}`, String(round + 0.5)),
      ...(round % 10 === 0 ? [riskAlert(`alert-${round}`)] : []),
    ]);
    await pause(8);
  }
  await client.waitUntilAt("market-data", 2 * ROUNDS, 10_000);
  await client.waitUntilAt("risk-alerts", ROUNDS / 10);
  const tookSeconds = (performance.now() - from) / 1_000;
  const { delivered, skipped, frames } = client.ledger.of("market-data").tally;

  await t.step("frames keep the rate: a burst of one second's worth, then the limit", () => {
    const most = LIMIT + LIMIT * tookSeconds + 2;
    assert.ok(frames <= most, `${frames} frames in ${tookSeconds} s`);
    assert.ok(frames >= LIMIT, `${frames} frames`);
  });

  await t.step("what was not delivered was skipped, and the last of each key came", () => {
    assert.equal(delivered + skipped, 2 * ROUNDS);
    assert.ok(skipped > 0, "something was shed");
    const latest = new Map(
      client.events("market-data").map(({ data }) => [data.id, data["price"]]),
    );
    assert.equal(latest.get(`S${ROUNDS % 2}`), String(ROUNDS + 0.5));
    assert.equal(latest.get(`S${(ROUNDS - 1) % 2}`), String(ROUNDS - 0.5));
  });

  await t.step("no alert was held back", () => {
    assert.equal(client.events("risk-alerts").length, ROUNDS / 10);
  });

  await t.step("statistics and metrics say the same", async () => {
    const channel = "market-data";
    const { metrics: counted } = await api.stats();
    assert.equal(counted.messagesDroppedPerChannel[channel], skipped);
    assert.equal(counted.messagesPerChannel[channel], delivered);
    const metrics = await api.metrics();
    assert.equal(metrics.value(`${PREFIX}shed_total`, { channel, reason: "rate_limit" }), skipped);
    assert.equal(metrics.value(`${PREFIX}conflated_total`, { channel }) ?? 0, 0);
    assert.equal(metrics.value(`${PREFIX}sent_channel`, { channel }), delivered);
    const [listed] = await api.clients();
    assert.equal(listed!["eventsSkipped"], skipped);
    assert.equal(listed!["eventsSent"], delivered + ROUNDS / 10);
  });

  await t.step("it recovers", async () => {
    await waitUntil(
      "it is subscribed again",
      () => api.clients(),
      ([listed]) => listed?.["state"] === "subscribed",
    );
    const { last } = await api.publish(marketData("S0", "9"));
    await client.waitUntilAt("market-data", last["market-data"].seq);
    assert.equal(client.ledger.of("market-data").tally.skipped, skipped);
  });
});

Deno.test("a large batch costs a v2 client one token, and the bucket is not the batch", async () => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RATE_LIMIT_PER_SECOND: "10", TELEMETRY_FLUSH_INTERVAL_MS: "100" },
  });
  const api = new HttpApi(gateway);
  await using client = await V2Client.to(gateway);
  await client.subscribe("positions");
  for (let batch = 0; batch < 3; batch++) {
    await api.publish(Array.from({ length: 100 }, (_, index) => position(`p${index}`)));
  }
  await client.waitUntilAt("positions", 300);
  assert.equal(client.events("positions").length, 300, "300 events are within 10 frames a second");
});

Deno.test("a v2 client that reads slowly is sent less, keeps all alerts, and ends up to date", async () => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_RATE_LIMIT_PER_SECOND: "0",
      TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "1",
      TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "30",
    },
  });
  const api = new HttpApi(gateway);
  await using client = await V2Client.to(gateway);
  await client.subscribe("market-data", "risk-alerts");
  client.socket.pause();
  const source = "x".repeat(3_000);
  let count = 0;
  let alerts = 0;
  await waitUntil(
    "it is throttled",
    async () => {
      const batch = Array.from({ length: 100 }, () => {
        count += 1;
        return marketData(`S${count % 20}`, String(count), { source });
      });
      await api.publish([...batch, riskAlert(`a${++alerts}`)]);
      return await api.clients();
    },
    ([listed]) => listed?.["state"] === "throttled" && count > 8_000,
    { withinMs: 20_000 },
  );
  client.socket.resume();
  await client.waitUntilAt("market-data", count, 10_000);
  await client.waitUntilAt("risk-alerts", alerts);
  const { delivered, skipped } = client.ledger.of("market-data").tally;
  assert.equal(delivered + skipped, count);
  assert.ok(skipped > 0);
  assert.equal(client.events("risk-alerts").length, alerts);
  const shed = (await api.metrics()).value(`${PREFIX}shed_total`, { channel: "market-data" });
  assert.equal(shed, skipped);
});
