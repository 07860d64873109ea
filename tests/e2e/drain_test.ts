/**
 * How the gateway goes: clients are told, newcomers are refused, and the process ends in time.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { writeAll } from "../support/raw_http.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl, V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const DRAIN_SECONDS = 2;
const ENV = { TELEMETRY_DRAIN_SECONDS: String(DRAIN_SECONDS) };

/** What a busy machine may add to the deadline of the drain. */
const SLACK_MS = 500;

Deno.test("SIGTERM ends an idle gateway at once with code 0", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { code, tookMs } = await gateway.stop("SIGTERM");
  assert.equal(code, 0);
  assert.ok(tookMs < 1_500, `${tookMs} ms`);
});

Deno.test("SIGINT does the same", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  assert.equal((await gateway.stop("SIGINT")).code, 0);
});

Deno.test("an administrator ends it over HTTP, and may ask twice", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using stubborn = await V1Client.connect(wsUrl, { apiKey, answersClose: false });
  const from = performance.now();
  for (let time = 1; time <= 2; time++) {
    const answer = await api.request("/api/v1/websocket/drain", { method: "POST" });
    assert.deepEqual([answer.status, answer.body["data"]], [202, { status: "draining" }]);
  }
  assert.equal((await stubborn.closed).code, 1001);
  const { success, code } = await gateway.status;
  assert.deepEqual([success, code], [true, 0]);
  const tookMs = performance.now() - from;
  assert.ok(tookMs < DRAIN_SECONDS * 1_000 + SLACK_MS, `${tookMs} ms`);
  assert.equal(gateway.output.text.split('"draining"').length, 2, "it began once");
  await stubborn.socket.ended;
});

Deno.test("an idle gateway answers the one who drains it before it ends", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const answer = await new HttpApi(gateway).request("/api/v1/websocket/drain", { method: "POST" });
  assert.equal(answer.status, 202);
  assert.equal((await gateway.status).code, 0);
});

Deno.test("polite clients get 1001 and the process ends as soon as they are gone", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => V1Client.connect(wsUrl, { apiKey, channels: ["positions"] })),
  );
  try {
    const { code, tookMs } = await gateway.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < DRAIN_SECONDS * 1_000 + SLACK_MS, `${tookMs} ms`);
    for (const client of clients) assert.equal((await client.closed).code, 1001);
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
});

Deno.test("while it drains newcomers get 503, and a peer that never answers does not keep it", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  await using polite = await V1Client.connect(wsUrl, { apiKey });
  await using stubborn = await V1Client.connect(wsUrl, { apiKey, answersClose: false });
  const from = performance.now();
  gateway.signal("SIGTERM");
  assert.equal((await polite.closed).code, 1001);
  assert.equal((await stubborn.closed).code, 1001);
  const refusal = await RawWebSocket.refused(telemetryUrl(wsUrl), {
    headers: { "X-API-Key": apiKey },
  });
  assertError(refusal, 503, "DRAINING");
  assert.ok(Number(refusal.headers.get("retry-after")) > 0, "Retry-After");
  const { success, code } = await gateway.status;
  const tookMs = performance.now() - from;
  assert.deepEqual([success, code], [true, 0]);
  assert.ok(tookMs < DRAIN_SECONDS * 1_000 + SLACK_MS, `${tookMs} ms`);
  await stubborn.socket.ended;
});

Deno.test("a peer that stopped reading with data pending does not keep it", async () => {
  await using gateway = await GatewayProcess.start({
    env: { ...ENV, TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using stalled = await V1Client.connect(wsUrl, {
    apiKey,
    clientId: "stalled",
    channels: ["market-data"],
    reading: false,
  });
  const batch = Array.from(
    { length: 200 },
    () => marketData("BTCUSDT", "1", { source: "x".repeat(4_000) }),
  );
  await waitUntil(
    "data is pending for it",
    async () => {
      await api.publish(batch);
      return await api.clients();
    },
    ([listed]) =>
      listed !== undefined && listed["bufferedBytes"] > 0 && listed["lag"]["market-data"] > 0,
    { withinMs: 10_000 },
  );
  const { code, tookMs } = await gateway.stop();
  assert.equal(code, 0);
  assert.ok(tookMs < DRAIN_SECONDS * 1_000 + SLACK_MS, `${tookMs} ms`);
  assert.equal(stalled.messages.length <= 2, true, "it never read");
});

Deno.test("peers that stall and requests that never end do not keep it over its time, and are counted", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey, port } = gateway;
  await using _one = await V1Client.connect(wsUrl, { apiKey, answersClose: false });
  await using _other = await V1Client.connect(wsUrl, { apiKey, answersClose: false });
  using request = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(request, new TextEncoder().encode("GET /api/health HTTP/1.1\r\nHost: "));
  const { code, tookMs } = await gateway.stop();
  assert.equal(code, 0);
  assert.ok(tookMs < DRAIN_SECONDS * 1_000, `${tookMs} ms`);
  const stopped = gateway.logs.find(({ message }) => message === "stopped");
  assert.deepEqual(stopped?.["properties"], { left: 2 });
});

Deno.test("what was accepted before the drain is delivered before the end", async () => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(wsUrl, { apiKey, channels: ["risk-alerts"] });
  const alerts = Array.from({ length: 500 }, (_, index) => ({
    channel: "risk-alerts",
    data: {
      id: `a${index}`,
      severity: "CRITICAL",
      message: "last words",
      violations: [],
      status: "ACTIVE",
    },
  }));
  await api.publish(alerts);
  assert.equal((await gateway.stop()).code, 0);
  assert.equal((await client.closed).code, 1001);
  assert.equal(client.events("risk-alerts").length, alerts.length);
});
