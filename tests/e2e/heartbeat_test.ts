/**
 * How the gateway tells the quiet from the dead.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { isHeartbeat, V1Client } from "../support/v1_client.ts";
import { pause, waitUntil } from "../support/wait.ts";

const ENV = {
  TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "0.3",
  TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "1",
} as const;
const INTERVAL_MS = 300;
const TIMEOUT_MS = 1_000;

/** What sweeps and the runtime's ping, whose patience is in whole seconds, may add. */
const SLACK_MS = 2_000;

/** Waits for that many server ticks. */
async function ticks(client: V1Client, count: number): Promise<void> {
  let seen = 0;
  const counts = (message: V1Client["messages"][number]) =>
    isHeartbeat("server")(message) && ++seen >= count;
  await client.waitFor(`${count} ticks`, counts, { withinMs: count * INTERVAL_MS * 2 + SLACK_MS });
}

Deno.test("the quiet stay, the dead go", async (t) => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);

  await t.step("a client that only answers pings stays far beyond the timeout", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "passive" });
    await ticks(client, 12);
    assert.equal(client.socket.isClosed, false);
    assert.ok(client.socket.pings > 0);
    const [listed] = await api.clients();
    const { lastHeartbeatEpochMillis, connectedAtEpochMillis } = listed!;
    assert.ok(Math.abs(lastHeartbeatEpochMillis - connectedAtEpochMillis) < 100);
  });

  await t.step("an inbound message moves lastHeartbeatEpochMillis", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "speaks" });
    await ticks(client, 1);
    await client.heartbeat();
    const [listed] = (await api.clients()).filter(({ id }) => id === "speaks");
    assert.ok(listed!["lastHeartbeatEpochMillis"] - listed!["connectedAtEpochMillis"] >= 200);
  });

  await t.step("a peer that answers nothing is gone within the timeout", async () => {
    const from = performance.now();
    await using dead = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "dead",
      answersPings: false,
      answersClose: false,
    });
    await waitUntil(
      "the list is without it",
      () => api.clients(),
      (listed) => !listed.some(({ id }) => id === "dead"),
      { withinMs: TIMEOUT_MS + SLACK_MS },
    );
    assert.ok(performance.now() - from >= TIMEOUT_MS * 0.5);
    await dead.closed;
    await gateway.log(
      "its timeout",
      (line) => /timed.?out|heartbeat timeout/i.test(JSON.stringify(line)),
    );
    await waitUntil("it does not linger", () => api.stats(), ({ lingering }) => lingering === 0);
  });

  await t.step("ticks are not suppressed by traffic", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, channels: ["market-data"] });
    let publishing = true;
    const publisher = (async () => {
      for (let price = 1; publishing; price++) {
        await api.publish(marketData("BTCUSDT", String(price)));
        await pause(20);
      }
    })();
    try {
      await ticks(client, 8);
    } finally {
      publishing = false;
      await publisher;
    }
    const times = client.messages.filter(isHeartbeat("server")).map(({ atMs }) => atMs);
    const took = times.at(-1)! - times[0]!;
    assert.ok(client.events().length > 20, "there was traffic");
    assert.ok(took < (times.length - 1) * INTERVAL_MS * 2, `${times.length} ticks in ${took} ms`);
    assert.ok(took > (times.length - 1) * INTERVAL_MS * 0.5, `${times.length} ticks in ${took} ms`);
  });
});

Deno.test("with requireClientHeartbeat a client has to speak", async (t) => {
  const env = { ...ENV, TELEMETRY_REQUIRE_CLIENT_HEARTBEAT: "true" };
  await using gateway = await GatewayProcess.start({ env });
  const { wsUrl, apiKey } = gateway;

  await t.step("a client that answers pings but never speaks ends with 4408", async () => {
    const from = performance.now();
    await using client = await V1Client.connect(wsUrl, { apiKey });
    const { code, atMs } = await client.closed;
    assert.equal(code, 4408);
    assert.ok(atMs - from >= TIMEOUT_MS * 0.9, `after ${atMs - from} ms`);
    assert.ok(atMs - from <= TIMEOUT_MS + SLACK_MS, `after ${atMs - from} ms`);
    await gateway.log("closed with 4408", (line) => JSON.stringify(line).includes("4408"));
  });

  await t.step("a client that sends heartbeats stays", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey });
    for (let count = 1; count <= 8; count++) {
      await ticks(client, count);
      await client.heartbeat();
    }
  });
});
