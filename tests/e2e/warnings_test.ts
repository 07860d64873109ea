/**
 * What the gateway says about itself, as a client of a real process hears it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { type Received, seqOf, V1Client } from "../support/v1_client.ts";

const MAX_AGE_MS = 1_000;
const ENV = { TELEMETRY_MARKET_DATA_MAX_AGE_SECONDS: String(MAX_AGE_MS / 1_000) };
const STALE = { channel: "market-data" };
const GAUGE = "autotrader_telemetry_channel_stale";

const says = (code: string) => ({ type, channel, data }: Received) =>
  type === "event" && channel === "system-warnings" && data!["code"] === code;

Deno.test("a market that falls silent is stale for everybody, until the next price", async (t) => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  const channels = ["system-warnings", "risk-alerts"];
  await using client = await V1Client.connect(wsUrl, { apiKey, channels });
  let stale: Received;

  await t.step("without a price there is nothing to be stale", async () => {
    assert.equal((await api.metrics()).value(GAUGE, STALE), 0);
  });

  await t.step("a second after the last price it is stale", async () => {
    const from = performance.now();
    await api.publish(marketData("BTCUSDT", "1"));
    stale = await client.waitFor("stale", says("STALE_CHANNEL"));
    assert.ok(stale.atMs - from >= MAX_AGE_MS, `after ${stale.atMs - from} ms`);
    assert.equal(seqOf(stale), 1);
    assert.equal((stale.data!["details"] as Record<string, unknown>)["channel"], "market-data");
    assert.equal((await api.metrics()).value(GAUGE, STALE), 1);
    await gateway.log("the warning", (line) => JSON.stringify(line).includes("STALE_CHANNEL"));
  });

  await t.step("with the next price it is fresh", async () => {
    await api.publish(marketData("BTCUSDT", "2"));
    const fresh = await client.waitFor("fresh", says("FRESH_CHANNEL"));
    assert.equal(seqOf(fresh), 2);
    assert.equal((await api.metrics()).value(GAUGE, STALE), 0);
  });

  await t.step("a warning is stored: who comes later gets it replayed", async () => {
    await using later = await V1Client.connect(wsUrl, { apiKey, channels, replay: true });
    const replayed = await later.waitFor("the warning", says("STALE_CHANNEL"));
    assert.equal(replayed.replay, true);
    assert.deepEqual(replayed.data, stale.data);
  });

  await t.step("the shutdown is told before the connection ends, without a number", async () => {
    gateway.signal("SIGTERM");
    const last = await client.waitFor("the shutdown", says("SHUTTING_DOWN"));
    assert.equal(last.meta!["seq"], undefined);
    assert.equal(last.meta!["epoch"], stale.meta!["epoch"]);
    assert.equal((await client.closed).code, 1001);
  });
});
