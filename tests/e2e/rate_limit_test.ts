/**
 * Shedding is never silent: what a limited client did not get stands in `meta.skipped`, in the
 * statistics and in the metrics, and all three agree.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, type PublishBody, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { type Received, seqOf, skippedOf, V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"];
const LIMIT = 20;
const ROUNDS = 30;
const PRICES_A_ROUND = 20;
const PREFIX = "autotrader_telemetry_messages_";

const sumSkipped = (events: readonly Received[]) =>
  events.reduce((sum, event) => sum + skippedOf(event), 0);

/** Publishes prices in bursts, an alert after each, and returns the last price of each symbol. */
async function publishBurst(api: HttpApi): Promise<Map<string, string>> {
  const last = new Map<string, string>();
  let price = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const batch: PublishBody[] = [];
    for (let index = 0; index < PRICES_A_ROUND; index++) {
      const symbol = SYMBOLS[(round + index) % SYMBOLS.length]!;
      last.set(symbol, String(++price));
      batch.push(marketData(symbol, String(price)));
    }
    await api.publish([...batch, riskAlert(`alert-${round}`)]);
  }
  return last;
}

/** Waits until the last price of every symbol has arrived. */
async function settled(client: V1Client, last: ReadonlyMap<string, string>): Promise<void> {
  for (const [symbol, price] of last) {
    await client.waitFor(
      `the last price of ${symbol}`,
      ({ data }) => data?.["id"] === symbol && data["price"] === price,
      { withinMs: 10_000 },
    );
  }
}

/** Every number between the first and the last event is delivered or counted as skipped. */
function assertAccounted(events: readonly Received[]): void {
  for (let index = 1; index < events.length; index++) {
    const gap = seqOf(events[index]!) - seqOf(events[index - 1]!) - 1;
    assert.equal(skippedOf(events[index]!), gap, `before seq ${seqOf(events[index]!)}`);
  }
}

Deno.test("over its rate a client is sampled, and everything is accounted for", async (t) => {
  const env = { TELEMETRY_RATE_LIMIT_PER_SECOND: String(LIMIT) };
  await using gateway = await GatewayProcess.start({ env });
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(gateway.wsUrl, {
    apiKey: gateway.apiKey,
    clientId: "limited",
    channels: ["market-data", "risk-alerts"],
  });
  assert.equal(client.messages[0]!.meta!["rateLimitPerSecond"], String(LIMIT));
  const total = ROUNDS * PRICES_A_ROUND;
  const from = performance.now();
  const last = await publishBurst(api);
  await settled(client, last);
  const tookSeconds = (performance.now() - from) / 1_000;
  const prices = client.events("market-data");

  await t.step("received + Σ meta.skipped is what was published", () => {
    assert.equal(prices.length + sumSkipped(prices), total);
    assertAccounted(prices);
  });

  await t.step("the last price of each symbol is the last published", () => {
    for (const [symbol, price] of last) {
      const latest = prices.findLast(({ data }) => data!["id"] === symbol);
      assert.equal(latest!.data!["price"], price);
    }
  });

  await t.step("prices of a symbol never run back", () => {
    for (const symbol of SYMBOLS) {
      const own = prices.filter(({ data }) => data!["id"] === symbol);
      const values = own.map(({ data }) => Number(data!["price"]));
      assert.deepEqual(values, values.toSorted((a, b) => a - b));
    }
  });

  await t.step("the rate was kept: a burst of one second's worth, then the limit", () => {
    assert.ok(prices.length < total, "something was shed");
    assert.ok(prices.length <= LIMIT + LIMIT * tookSeconds + 2, `${prices.length} received`);
    assert.ok(prices.length >= LIMIT * 0.9, `${prices.length} received`);
  });

  await t.step("all risk alerts came, in order and unskipped", () => {
    const alerts = client.events("risk-alerts");
    assert.deepEqual(
      alerts.map(({ data }) => data!["id"]),
      Array.from({ length: ROUNDS }, (_, round) => `alert-${round}`),
    );
    assert.equal(sumSkipped(alerts), 0);
  });

  await t.step("the statistics say the same", async () => {
    const { metrics, channels } = await api.stats();
    const skipped = total - prices.length;
    assert.equal(metrics.messagesDropped, skipped);
    assert.equal(metrics.messagesDroppedPerChannel["market-data"], skipped);
    assert.equal(metrics.messagesPerChannel["market-data"], prices.length);
    assert.equal(metrics.messagesSent, prices.length + ROUNDS);
    assert.equal(metrics.messagesDroppedPerChannel["risk-alerts"] ?? 0, 0);
    assert.equal(channels["market-data"].head, total);
    const [listed] = await api.clients();
    assert.equal(listed!["eventsSkipped"], skipped);
    assert.equal(listed!["eventsSent"], prices.length + ROUNDS);
  });

  await t.step("the metrics say the same", async () => {
    const metrics = await api.metrics();
    const skipped = total - prices.length;
    const channel = "market-data";
    assert.equal(metrics.value(`${PREFIX}dropped_total`), skipped);
    assert.equal(metrics.value(`${PREFIX}dropped_channel`, { channel }), skipped);
    assert.equal(metrics.value(`${PREFIX}dropped_counter_total`, { channel }), skipped);
    assert.equal(metrics.value(`${PREFIX}shed_total`, { channel }), skipped);
    assert.equal(metrics.value(`${PREFIX}shed_total`, { channel, reason: "rate_limit" }), skipped);
    assert.equal(metrics.value(`${PREFIX}sent_total`), prices.length + ROUNDS);
    assert.equal(metrics.value(`${PREFIX}sent_channel`, { channel }), prices.length);
    assert.equal(metrics.value(`${PREFIX}sent_counter_total`, { channel }), prices.length);
    assert.equal(metrics.value("autotrader_telemetry_active_connections"), 1);
  });

  await t.step("it was logged, once, and the connection recovers", async () => {
    const lines = gateway.logs.filter((line) => /throttled/.test(String(line["message"])));
    assert.equal(lines.length, 1, JSON.stringify(lines));
    await waitUntil(
      "it is subscribed again",
      () => api.clients(),
      ([listed]) => listed?.["state"] === "subscribed",
    );
  });
});

Deno.test("a keyed channel over its rate still ends in its final state", async () => {
  const env = { TELEMETRY_RATE_LIMIT_PER_SECOND: "10" };
  await using gateway = await GatewayProcess.start({ env });
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(gateway.wsUrl, {
    apiKey: gateway.apiKey,
    channels: ["positions"],
  });
  const ids = ["p1", "p2", "p3"];
  for (let step = 1; step <= 30; step++) {
    const last = step === 30;
    await api.publish(
      ids.map((id) =>
        position(id, { currentPrice: String(step), status: last ? "CLOSED" : "UPDATED" })
      ),
    );
  }
  for (const id of ids) {
    const closed = await client.waitFor(
      `${id} is closed`,
      ({ data }) => data?.["id"] === id && data["status"] === "CLOSED",
      { withinMs: 10_000 },
    );
    assert.equal(closed.data!["currentPrice"], "30");
  }
  const events = client.events("positions");
  assert.ok(events.length < 90, "something was conflated");
  assert.equal(events.length + sumSkipped(events), 90);
});

Deno.test("without a limit nothing is shed", async () => {
  const env = { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" };
  await using gateway = await GatewayProcess.start({ env });
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(gateway.wsUrl, {
    apiKey: gateway.apiKey,
    channels: ["market-data"],
  });
  await settled(client, await publishBurst(api));
  const prices = client.events("market-data");
  assert.equal(prices.length, ROUNDS * PRICES_A_ROUND);
  assert.equal(sumSkipped(prices), 0);
  assert.equal((await api.stats())["metrics"].messagesDropped, 0);
});
