/**
 * When v2 frames go out: at once after quiet, then in batches; alerts always at once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";
import { pause } from "../support/wait.ts";

const FLUSH_MS = 1_000;

/** From a publisher's request to the frame, without any waiting for a flush, on a busy machine. */
const AT_ONCE_MS = 400;

Deno.test("v2 frames are paced", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_FLUSH_INTERVAL_MS: String(FLUSH_MS),
      TELEMETRY_RATE_LIMIT_PER_SECOND: "0",
    },
  });
  const api = new HttpApi(gateway);

  await t.step("the first event after quiet goes out at once", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe("market-data");
    const delays: number[] = [];
    for (let round = 0; round < 2; round++) {
      // Quiet is longer than an interval, and moments fall anywhere in it.
      await pause(FLUSH_MS * 1.1 + 230);
      const from = performance.now();
      const { last } = await api.publish(marketData("BTCUSDT", String(round)));
      const { seq } = last["market-data"];
      const { atMs } = await client.waitForType("events", ({ to }) => to === seq);
      delays.push(atMs - from);
    }
    assert.ok(delays.every((delay) => delay < AT_ONCE_MS), delays.join());
  });

  await t.step("what follows is batched", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe("market-data");
    let seq = 0;
    for (let index = 0; index < 30; index++) {
      const { last } = await api.publish(marketData("BTCUSDT", String(index)));
      seq = last["market-data"].seq;
      await pause(50);
    }
    await client.waitUntilAt("market-data", seq);
    const frames = client.frames("market-data");
    assert.equal(client.events("market-data").length, 30, "batches lose nothing");
    assert.ok(frames.length <= 5, `${frames.length} frames in 1.5 s`);
    for (let index = 2; index < frames.length; index++) {
      const gap = frames[index]!.atMs - frames[index - 1]!.atMs;
      assert.ok(gap > FLUSH_MS * 0.7, `two batches ${gap} ms apart`);
    }
  });

  await t.step("alerts never wait for a flush, an interval or conflation", async () => {
    await using client = await V2Client.to(gateway);
    const pace = { intervalMs: 10_000, conflate: true };
    await client.subscribe({ name: "risk-alerts", ...pace }, { name: "market-data", ...pace });
    const delays: number[] = [];
    for (let index = 0; index < 10; index++) {
      await api.publish(marketData("BTCUSDT", String(index)));
      const from = performance.now();
      const { last } = await api.publish([riskAlert("same"), riskAlert("same")]);
      const { seq } = last["risk-alerts"];
      const { atMs } = await client.waitForType(
        "events",
        ({ channel, to }) => channel === "risk-alerts" && to === seq,
      );
      delays.push(atMs - from);
    }
    assert.ok(delays.every((delay) => delay < AT_ONCE_MS), delays.join());
    assert.equal(client.events("risk-alerts").length, 20, "no emission is conflated");
    assert.ok(client.frames("market-data").length <= 1);
  });
});

Deno.test("intervalMs batches and conflate thins out", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_FLUSH_INTERVAL_MS: "20",
      TELEMETRY_RATE_LIMIT_PER_SECOND: "0",
      TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "0.7",
      TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "5",
    },
  });
  const api = new HttpApi(gateway);
  const symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
  let price = 0;

  /** Publishes prices in many small turns, and returns the last number. */
  async function publish(rounds: number): Promise<number> {
    let seq = 0;
    for (let round = 0; round < rounds; round++) {
      const batch = symbols.map((symbol) => marketData(symbol, String(++price)));
      const { last } = await api.publish([...batch, ...batch]);
      seq = last["market-data"].seq;
      await pause(10);
    }
    return seq;
  }

  await t.step("intervalMs makes fewer frames of the same events", async () => {
    await using fast = await V2Client.to(gateway);
    await using slow = await V2Client.to(gateway);
    await fast.subscribe("market-data");
    await slow.subscribe({ name: "market-data", intervalMs: 490 });
    const seq = await publish(100);
    await Promise.all([fast.waitUntilAt("market-data", seq), slow.waitUntilAt("market-data", seq)]);
    assert.deepEqual(slow.events("market-data"), fast.events("market-data"));
    assert.equal(slow.ledger.total().skipped, 0);
    const frames = slow.frames("market-data");
    // One at once, then one each 500 ms: 490 rounded up to a multiple of 20.
    for (let index = 2; index < frames.length; index++) {
      const gap = frames[index]!.atMs - frames[index - 1]!.atMs;
      assert.ok(gap > 350, `two batches ${gap} ms apart`);
    }
    assert.ok(frames.length < fast.frames("market-data").length);
  });

  await t.step("conflate sends the latest per key and batch, and counts the rest", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "market-data", intervalMs: 200, conflate: true });
    const before = (await api.metrics()).value(CONFLATED, { channel: "market-data" }) ?? 0;
    const seq = await publish(50);
    await client.waitUntilAt("market-data", seq);
    const { delivered, skipped, filtered } = client.ledger.of("market-data").tally;
    assert.deepEqual([delivered + skipped, filtered], [50 * 6, 0]);
    const frames = client.frames("market-data");
    assert.ok(frames.every(({ events }) => events.length <= symbols.length));
    assert.ok(skipped >= 150, `${skipped} conflated: each batch holds every price twice`);
    const latest = new Map(
      client.events("market-data").map(({ data }) => [data.id, data["price"]]),
    );
    symbols.forEach((symbol, index) =>
      assert.equal(latest.get(symbol), String(price - symbols.length + index + 1))
    );
    const metrics = await api.metrics();
    const conflated = metrics.value(CONFLATED, { channel: "market-data" }) ?? 0;
    assert.equal(conflated - before, skipped);
    assert.equal(metrics.value(SHED, { channel: "market-data" }) ?? 0, 0, "nobody was slow");
  });

  await t.step("conflate and a filter account for everything together", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({
      name: "market-data",
      intervalMs: 100,
      conflate: true,
      filter: { symbols: ["ETHUSDT"] },
    });
    const seq = await publish(30);
    await client.waitUntilAt("market-data", seq);
    const { delivered, skipped, filtered } = client.ledger.of("market-data").tally;
    assert.equal(delivered + skipped + filtered, 30 * 6);
    assert.equal(filtered, 30 * 4, "what is not wanted was not skipped");
    assert.equal(client.events("market-data").at(-1)!.data["price"], String(price - 1));
  });

  await t.step("a long interval still tells how far it is, every heartbeat interval", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({
      name: "market-data",
      filter: { symbols: ["NONE"] },
      intervalMs: 60_000,
    });
    const seq = await publish(1);
    await client.waitUntilAt("market-data", seq, 2_500);
    assert.equal(client.ledger.total().emptyFrames, client.frames("market-data").length);
  });
});

const CONFLATED = "autotrader_telemetry_messages_conflated_total";
const SHED = "autotrader_telemetry_messages_shed_total";
