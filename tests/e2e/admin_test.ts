/**
 * What operators see of connections, and how they end them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl, V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const CLIENTS = "/api/v1/websocket/clients";

Deno.test("administrators list, inspect and end connections", async (t) => {
  await using gateway = await GatewayProcess.start();
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  const gone = (id: string) =>
    waitUntil("it is gone", () => api.clients(), (all) => !all.some((one) => one["id"] === id));

  await t.step("a client is listed with everything the contract names", async () => {
    const from = Date.now();
    await using client = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "listed",
      channels: ["positions"],
    });
    await client.heartbeat();
    const [listed] = await api.clients();
    assert.equal(listed!["id"], "listed");
    assert.equal(listed!["remoteAddress"], "127.0.0.1");
    assert.deepEqual(listed!["subscribedChannels"], ["positions"]);
    assert.ok(listed!["connectedAtEpochMillis"] >= from - 1);
    assert.ok(listed!["lastHeartbeatEpochMillis"] >= listed!["connectedAtEpochMillis"]);
    assert.equal(listed!["rateLimitPerSecond"], 120);
    assert.equal(listed!["authenticated"], true);
    assert.equal(listed!["isOpen"], true);
    assert.equal(listed!["state"], "subscribed");
    assert.equal(listed!["protocol"], "telemetry.v1");
    assert.equal(typeof listed!["principal"], "string");
    assert.equal(typeof listed!["connectionId"], "string");
    assert.ok(!JSON.stringify(listed).includes(apiKey));
  });

  await t.step("the list is filtered by state and channel, in any spelling", async () => {
    await using subscribed = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "subscribed",
      channels: ["risk-alerts"],
    });
    await using idle = await V1Client.connect(wsUrl, { apiKey, clientId: "idle" });
    await Promise.all([subscribed.heartbeat(), idle.heartbeat()]);
    const ids = async (query: Record<string, string>) =>
      (await api.clients(query)).map((one) => one["id"]).sort();
    await gone("listed");
    assert.deepEqual(await ids({}), ["idle", "subscribed"]);
    assert.deepEqual(await ids({ state: "subscribed" }), ["subscribed"]);
    assert.deepEqual(await ids({ state: "authenticated" }), ["idle"]);
    assert.deepEqual(await ids({ channel: "risk.alert" }), ["subscribed"]);
    assert.deepEqual(await ids({ channel: "positions" }), []);
    assertError(await api.request(`${CLIENTS}?state=happy`), 400, "INVALID_REQUEST");
    assertError(await api.request(`${CLIENTS}?channel=weather`), 400, "INVALID_REQUEST");
    assertError(await api.request(`${CLIENTS}?limit=0`), 400, "INVALID_REQUEST");
  });

  await t.step("pages follow each other without gap or overlap", async () => {
    const clients = await Promise.all(
      Array.from(
        { length: 7 },
        (_, index) => V1Client.connect(wsUrl, { apiKey, clientId: `page-${index}` }),
      ),
    );
    try {
      await gone("idle");
      const seen: string[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const query: Record<string, string> = { limit: "3", ...(cursor ? { cursor } : {}) };
        const answer = await api.request(`${CLIENTS}?${new URLSearchParams(query)}`);
        assert.equal(answer.status, 200, answer.text);
        const page: Json[] = answer.body["data"];
        assert.ok(page.length <= 3);
        seen.push(...page.map((one) => one["id"]));
        cursor = nextCursor(answer.headers);
        pages++;
      } while (cursor !== undefined && pages < 10);
      const wanted = clients.map((_, index) => `page-${index}`);
      assert.deepEqual(seen.filter((id) => id.startsWith("page-")).sort(), wanted);
      assert.ok(pages >= 3, `${pages} pages`);
    } finally {
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  });

  await t.step("one connection is found by connectionId and by clientId", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "found me/ä" });
    const connectionId = client.messages[0]!.meta!["connectionId"]!;
    for (const id of [connectionId, "found me/ä"]) {
      const answer = await api.client(id);
      assert.equal(answer.status, 200, answer.text);
      assert.ok(answer.text.includes(connectionId), answer.text);
    }
    assertError(await api.client("nobody"), 404, "CLIENT_NOT_FOUND");
  });

  await t.step("a disconnect ends the client with 4410 and its reason", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "unwanted" });
    const answer = await api.disconnect("unwanted", { reason: "maintenance at noon" });
    assert.equal(answer.status, 200, answer.text);
    const { clientId, disconnected, reason } = answer.body["data"];
    assert.deepEqual([clientId, reason], ["unwanted", "maintenance at noon"]);
    assert.ok(disconnected === true || disconnected === 1, String(disconnected));
    assert.equal((await client.closed).code, 4410);
    assert.match((await client.closed).reason, /maintenance at noon/);
    await gone("unwanted");
    await gateway.log(
      "forced disconnect",
      (line) => /maintenance at noon/.test(JSON.stringify(line)),
    );
  });

  await t.step("a reason that does not fit a Close frame is cut, not refused", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "long" });
    const answer = await api.disconnect("long", { reason: "ä".repeat(120) });
    assert.equal(answer.status, 200, answer.text);
    const { code, reason } = await client.closed;
    assert.equal(code, 4410);
    assert.ok(new TextEncoder().encode(reason).length <= 123);
    assert.ok(!reason.includes("\uFFFD"));
  });

  await t.step("a disconnected client without a ban comes back, held but not refused", async () => {
    await using first = await V1Client.connect(wsUrl, { apiKey, clientId: "returns" });
    await api.disconnect("returns");
    await first.closed;
    const from = performance.now();
    await using second = await V1Client.connect(wsUrl, {
      apiKey,
      clientId: "returns",
      withinMs: 10_000,
    });
    const held = performance.now() - from;
    assert.ok(held >= 900 && held <= 6_000, `held for ${held} ms`);
    await second.heartbeat();
  });

  await t.step("a banned client is 403 until the ban is over", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "banned" });
    const from = performance.now();
    const answer = await api.disconnect("banned", { banSeconds: "2" });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await client.closed).code, 4410);
    const url = telemetryUrl(wsUrl, { clientId: "banned" });
    const headers = { "X-API-Key": apiKey };
    assertError(await RawWebSocket.refused(url, { headers }), 403, "BANNED");
    await using other = await V1Client.connect(wsUrl, { apiKey, clientId: "not banned" });
    await other.heartbeat();
    await using back = await waitUntil(
      "it is let in again",
      () => V1Client.connect(wsUrl, { apiKey, clientId: "banned", withinMs: 10_000 }),
      () => true,
      { withinMs: 10_000, everyMs: 100 },
    );
    assert.ok(performance.now() - from >= 1_900, "not before the ban was over");
    await back.heartbeat();
  });

  await t.step("disconnecting nobody is 404; a bad query is 400 and ends nobody", async () => {
    assertError(await api.disconnect("nobody"), 404, "CLIENT_NOT_FOUND");
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "stays" });
    assertError(await api.disconnect("stays", { banSeconds: "-1" }), 400, "INVALID_REQUEST");
    assertError(await api.disconnect("stays", { banSeconds: "soon" }), 400, "INVALID_REQUEST");
    await client.heartbeat();
  });

  await t.step("a connectionId names one connection", async () => {
    await using client = await V1Client.connect(wsUrl, { apiKey, clientId: "by connection" });
    const connectionId = client.messages[0]!.meta!["connectionId"]!;
    assert.equal((await api.disconnect(connectionId)).status, 200);
    assert.equal((await client.closed).code, 4410);
    assertError(await api.disconnect(connectionId), 404, "CLIENT_NOT_FOUND");
  });

  await t.step("without a key everything of this is 401; health is open", async () => {
    for (const path of [CLIENTS, `${CLIENTS}/x`, "/api/v1/websocket/stats"]) {
      assertError(await api.request(path, { apiKey: null }), 401, "API_KEY_MISSING");
      assertError(await api.request(path, { apiKey: "wrong" }), 401, "API_KEY_INVALID");
    }
    const drop = { method: "DELETE", apiKey: null };
    assertError(await api.request(`${CLIENTS}/x`, drop), 401, "API_KEY_MISSING");
    for (const path of ["/api/health", "/health/live", "/health/ready"]) {
      assert.equal((await api.request(path, { apiKey: null })).status, 200, path);
    }
    assert.equal((await api.request("/metrics", { apiKey: null })).status, 200);
  });

  await t.step("an unknown path is 404 and a wrong method 405, in the envelope", async () => {
    assertError(await api.request("/api/v1/nothing"), 404, "NOT_FOUND");
    const answer = await api.request(CLIENTS, { method: "PATCH" });
    assert.ok(answer.status === 405 || answer.status === 404, answer.text);
    assert.equal(answer.body["success"], false);
  });
});

/** The cursor of the next page, as the `Link` header gives it. */
function nextCursor(headers: Headers): string | undefined {
  const cursor = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  return cursor === undefined ? undefined : decodeURIComponent(cursor);
}
