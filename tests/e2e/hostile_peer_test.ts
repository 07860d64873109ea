/**
 * Peers that do not play by the rules cost only themselves; everyone else is served throughout.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, riskAlert } from "../support/events.ts";
import { FAST_HEARTBEATS, GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { rawRequest } from "../support/raw_http.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { skippedOf, telemetryUrl, V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const ENV = { ...FAST_HEARTBEATS, TELEMETRY_RATE_LIMIT_PER_SECOND: "0" };
const TIMEOUT_MS = 3_000;
const SLACK_MS = 4_000;

/** Publishes an alert and waits until a bystander has it. */
async function assertServed(bystander: V1Client, api: HttpApi, mark: string): Promise<void> {
  await api.publish(riskAlert(mark));
  await bystander.waitFor(`the alert ${mark}`, ({ data }) => data?.["id"] === mark);
}

Deno.test("hostile peers cost only themselves", async (t) => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { url, wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using bystander = await V1Client.connect(wsUrl, {
    apiKey,
    clientId: "bystander",
    channels: ["risk-alerts"],
  });
  const isListed = async (id: string) => (await api.clients()).some((one) => one["id"] === id);

  await t.step(
    "one that ignores the Close frame lingers, is counted, and holds nobody up",
    async () => {
      const deaf = await V1Client.connect(wsUrl, {
        apiKey,
        clientId: "deaf",
        answersClose: false,
        answersPings: false,
      });
      try {
        await api.disconnect("deaf");
        assert.equal((await deaf.closed).code, 4410);
        const stats = await waitUntil(
          "it lingers",
          () => api.stats(),
          ({ lingering }) => lingering === 1,
        );
        assert.equal(stats["metrics"].activeConnections, 1);
        const metrics = await api.metrics();
        assert.equal(metrics.value("autotrader_telemetry_lingering"), 1);
        assert.equal(await isListed("deaf"), false);
        await assertServed(bystander, api, "while one lingers");
      } finally {
        await deaf[Symbol.asyncDispose]();
      }
      await waitUntil("nothing lingers", () => api.stats(), ({ lingering }) => lingering === 0);
    },
  );

  await t.step("one that ignores the Close frame may come back under its id", async () => {
    await using deaf = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "returns",
      answersClose: false,
    });
    await using again = await V1Client.connect(wsUrl, { apiKey, clientId: "returns" });
    assert.equal((await deaf.closed).code, 4409);
    await again.heartbeat();
  });

  await t.step("one that stops reading is sampled, timed out and forgotten", async () => {
    await using reader = await V1Client.connect(wsUrl, { apiKey, channels: ["market-data"] });
    const stalled = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "stalled",
      channels: ["market-data"],
      reading: false,
    });
    let published = 0;
    let largest = 0;
    try {
      const from = performance.now();
      await waitUntil(
        "it is not listed any more",
        async () => {
          const source = "x".repeat(4_000);
          await api.publish(
            Array.from(
              { length: 100 },
              () => marketData("BTCUSDT", String(++published), { source }),
            ),
          );
          const listed = (await api.clients()).find((one) => one["id"] === "stalled");
          largest = Math.max(largest, listed?.["bufferedBytes"] ?? 0);
          return listed;
        },
        (listed) => listed === undefined,
        { withinMs: TIMEOUT_MS + SLACK_MS + 5_000, everyMs: 50 },
      );
      assert.ok(performance.now() - from >= TIMEOUT_MS * 0.5);
      assert.ok(largest <= 256 * 1024, `buffered ${largest} bytes`);
      await gateway.log("its timeout", (line) => {
        const text = JSON.stringify(line);
        return text.includes("stalled") && /timed.?out|stalled|stopped reading/.test(text);
      });
      // Another client of the same channel has got everything meanwhile.
      await reader.waitFor(
        "the last price",
        ({ data }) => data?.["price"] === String(published),
        { withinMs: 10_000 },
      );
      const events = reader.events("market-data");
      const skipped = events.reduce((sum, event) => sum + skippedOf(event), 0);
      assert.equal(events.length + skipped, published);
    } finally {
      await stalled[Symbol.asyncDispose]();
    }
    await waitUntil("nothing lingers", () => api.stats(), ({ lingering }) => lingering === 0);
    await assertServed(bystander, api, "after the stalled one");
  });

  await t.step("half-sent handshakes hold nobody up", async () => {
    const { hostname, port } = new URL(url);
    const halves = await Promise.all(
      Array.from({ length: 100 }, () => Deno.connect({ hostname, port: Number(port) })),
    );
    try {
      const half = new TextEncoder().encode(
        "GET /ws/telemetry HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgr",
      );
      for (const connection of halves) await connection.write(half);
      await assertServed(bystander, api, "among half-open handshakes");
      await using newcomer = await V1Client.connect(wsUrl, { apiKey });
      await newcomer.heartbeat();
    } finally {
      for (const connection of halves) connection.close();
    }
    const { connecting } = await api.stats();
    assert.equal(connecting, 0);
  });

  await t.step("one that leaves during the handshake leaves nothing behind", async () => {
    const { hostname, port } = new URL(url);
    const path = "/ws/telemetry?clientId=fleeting";
    const handshake = new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-API-Key: ${apiKey}\r\n` +
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    for (let index = 0; index < 50; index++) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(handshake);
    }
    const stats = await waitUntil(
      "they are gone",
      () => api.stats(),
      ({ connecting, lingering, metrics }) =>
        connecting === 0 && lingering === 0 && metrics.activeConnections === 1,
      { withinMs: TIMEOUT_MS + SLACK_MS + 5_000 },
    );
    assert.equal(stats["failures"], 0);
    await assertServed(bystander, api, "after the fleeting ones");
  });

  const malformed: Record<string, Record<string, string | null>> = {
    "no key": { "Sec-WebSocket-Key": null },
    "a key that is none": { "Sec-WebSocket-Key": "x" },
    "another version": { "Sec-WebSocket-Version": "12" },
    "no version": { "Sec-WebSocket-Version": null },
    "no Connection: Upgrade": { "Connection": "close" },
  };
  for (const [name, broken] of Object.entries(malformed)) {
    await t.step(`a handshake with ${name} is refused (RFC 6455 §4.2)`, async () => {
      const headers = { "X-API-Key": apiKey, ...broken };
      const { status, body } = await RawWebSocket.refused(telemetryUrl(wsUrl), { headers });
      assert.ok(status === 400 || status === 426, `HTTP ${status}`);
      assert.equal(JSON.parse(body).success, false);
    });
  }

  await t.step("absurd addresses are answered, not served", async () => {
    const paths = ["/ws/telemetry?clientId=%00", `/ws/telemetry?clientId=${"x".repeat(5_000)}`];
    for (const path of [...paths, "/%", "/ws/telemetry/%2e%2e"]) {
      const { status } = await rawRequest(url + path, { headers: { "X-API-Key": apiKey } });
      assert.ok(status >= 400 && status < 500, `HTTP ${status} for ${path.slice(0, 40)}`);
    }
  });

  await t.step("connections that vanish without a word leave the list", async () => {
    const clients = await Promise.all(
      Array.from(
        { length: 30 },
        (_, index) => V1Client.connect(wsUrl, { apiKey, clientId: `vanishing-${index}` }),
      ),
    );
    for (const client of clients) await client[Symbol.asyncDispose]();
    await waitUntil(
      "only the bystander is left",
      () => api.stats(),
      ({ metrics, lingering }) => metrics.activeConnections === 1 && lingering === 0,
    );
    await assertServed(bystander, api, "at the end");
    assert.equal((await api.stats())["failures"], 0);
  });
});
