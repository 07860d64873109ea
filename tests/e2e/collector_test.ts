/**
 * Publishing over `/ws/collector` with real sockets: streams, mistakes, abuse, and the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_PENDING_PUBLISHES } from "../../actors/connection/session_collector.ts";
import { RECONNECT_MILLIS } from "../../actors/hub/drain.ts";
import { CollectorClient, collectorUrl } from "../support/collector_client.ts";
import { marketData, position, riskAlert, systemWarning } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";
import { OPCODE } from "../support/ws_frames.ts";

Deno.test("a publisher's socket carries streams", async (t) => {
  await using gateway = await GatewayProcess.start();
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using watcher = await V1Client.connect(wsUrl, {
    apiKey,
    channels: ["risk-alerts", "positions"],
  });

  await t.step("a batch is acknowledged with its numbers and reaches subscribers", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    const { accepted, duplicates, last } = await collector.store([
      riskAlert("a"),
      position("p"),
      riskAlert("b"),
    ]);
    assert.deepEqual([accepted, duplicates], [3, 0]);
    assert.deepEqual([last["risk-alerts"]?.seq, last["positions"]?.seq], [2, 1]);
    const alerts = await watcher.waitForEvents("risk-alerts", 2);
    assert.deepEqual(alerts.map(({ data }) => data!["id"]), ["a", "b"]);
  });

  await t.step("a retry over either way is a duplicate with the number of the first", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    const event = { ...riskAlert("twice"), eventId: "twice" };
    const first = await collector.store([event]);
    const again = await collector.store([event]);
    assert.deepEqual([again.accepted, again.duplicates], [0, 1]);
    assert.deepEqual(again.last, first.last);
    assert.deepEqual((await api.publish(event))["last"], first.last);
  });

  await t.step("a thousand batches in a row are no flood, and keep their order", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    const before = await api.heads();
    const pending = new Set<Promise<unknown>>();
    const heads: number[] = [];
    for (let n = 0; n < 1_000; n++) {
      while (pending.size >= MAX_PENDING_PUBLISHES) await Promise.race(pending);
      const stored = collector.store([marketData("STREAM", String(n + 1))]).then(({ last }) => {
        heads.push(last["market-data"]!.seq);
        pending.delete(stored);
      });
      pending.add(stored);
    }
    await Promise.all(pending);
    const from = before["market-data"]!;
    assert.deepEqual(heads, Array.from({ length: 1_000 }, (_, n) => from + n + 1));
    assert.deepEqual(collector.received("error"), []);
  });

  await t.step("two publishers and HTTP at once get numbers without holes", async () => {
    await using one = await CollectorClient.connect(wsUrl, { apiKey });
    await using other = await CollectorClient.connect(wsUrl, { apiKey });
    const { "market-data": from } = await api.heads();
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, n) => {
      const event = marketData(`S${n}`, "1");
      if (n % 3 === 0) return (await api.publish(event))["last"];
      return (await (n % 3 === 1 ? one : other).store([event])).last;
    }));
    const seqs = answers.map((last) => last["market-data"].seq as number).sort((a, b) => a - b);
    assert.deepEqual(seqs, Array.from({ length: 60 }, (_, n) => from! + n + 1));
  });

  await t.step("a connection is listed, and ended by an administrator", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey, clientId: "core" });
    await collector.heartbeat(["market-data"]);
    const [listed] = (await api.clients()).filter(({ id }) => id === "core");
    assert.equal(listed!["protocol"], "telemetry.collector");
    assert.equal(listed!["state"], "authenticated");
    await api.disconnect("core", { reason: "maintenance" });
    const { code, reason } = await collector.closed;
    assert.deepEqual([code, reason], [4410, "maintenance"]);
  });

  await t.step("nobody gets in without a key, and none of it is stored", async () => {
    const { status } = await RawWebSocket.refused(collectorUrl(wsUrl));
    assert.equal(status, 401);
  });
});

Deno.test("mistakes and abuse cost a publisher nothing, or its own connection", async (t) => {
  const env = { TELEMETRY_MAX_BODY_BYTES: "65536", TELEMETRY_MAX_BATCH_EVENTS: "10" };
  await using gateway = await GatewayProcess.start({ env });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using bystander = await CollectorClient.connect(wsUrl, { apiKey });
  const before = await api.heads();

  const refused: Record<string, [readonly unknown[], string]> = {
    "one invalid event among valid ones": [
      [riskAlert("ok"), marketData("A", "1", { price: 1 })],
      "invalid_events",
    ],
    "no event": [[], "invalid_events"],
    "the gateway's own channel": [[riskAlert("ok"), systemWarning("w")], "forbidden"],
    "too many events": [new Array(11).fill(riskAlert("ok")), "too_large"],
    "two payloads under one eventId": [
      [{ ...riskAlert("r1"), eventId: "e" }, { ...riskAlert("r2"), eventId: "e" }],
      "event_id_reused",
    ],
  };
  for (const [name, [events, code]] of Object.entries(refused)) {
    await t.step(`${name}: ${code}, nothing is stored, and the connection lives`, async () => {
      await using collector = await CollectorClient.connect(wsUrl, { apiKey });
      const answer = await collector.publish(events);
      assert.equal(answer.type === "error" && answer.code, code);
      assert.equal((await collector.heartbeat()).type, "heartbeat");
      assert.deepEqual(await api.heads(), before);
    });
  }

  const malformed: Record<string, [string, string]> = {
    "no JSON": ["{", "invalid_payload"],
    "an empty text": ["", "invalid_payload"],
    "an array": ['[{"action":"heartbeat"}]', "invalid_payload"],
    "an unknown action": ['{"action":"subscribe","channels":["positions"]}', "unknown_action"],
    "a publication without an id": ['{"action":"publish","events":[]}', "invalid_payload"],
    "a channel that is none": ['{"action":"heartbeat","channels":["x"]}', "invalid_payload"],
    "too many bytes": [`"${"€".repeat(30_000)}"`, "too_large"],
    "a hundred thousand brackets": ["[".repeat(60_000), "invalid_payload"],
    "keys of every object": ['{"__proto__":1,"action":"constructor"}', "unknown_action"],
  };
  for (const [name, [text, code]] of Object.entries(malformed)) {
    await t.step(`${name}: ${code}, and the connection lives`, async () => {
      await using collector = await CollectorClient.connect(wsUrl, { apiKey });
      assert.equal((await collector.provoke(text)).code, code);
      assert.equal((await collector.heartbeat()).type, "heartbeat");
    });
  }

  await t.step("a binary frame is answered, and the connection lives", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    const payload = new TextEncoder().encode('{"action":"heartbeat"}');
    await collector.socket.sendFrame({ opcode: OPCODE.binary, payload });
    await waitUntil("an error", () => collector.received("error").length, (count) => count === 1);
    assert.equal((await collector.heartbeat()).type, "heartbeat");
  });

  await t.step("malformed messages beyond measure end with 4400", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    for (let n = 0; n < 11; n++) await collector.send("{");
    assert.equal((await collector.closed).code, 4400);
    assert.equal(collector.received("error").length, 10);
  });

  await t.step("a flood of heartbeats ends with 4429", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    for (let n = 0; n < 100; n++) await collector.send('{"action":"heartbeat"}').catch(() => {});
    assert.equal((await collector.closed).code, 4429);
  });

  await t.step("a message of megabytes ends with 1009", async () => {
    await using collector = await CollectorClient.connect(wsUrl, { apiKey });
    await collector.send("x".repeat(4 * 1024 * 1024));
    assert.equal((await collector.closed).code, 1009);
  });

  await t.step("one that leaves with publications in flight leaves nothing behind", async () => {
    const collector = await CollectorClient.connect(wsUrl, { apiKey });
    const message = (n: number) =>
      JSON.stringify({ id: `${n}`, action: "publish", events: [riskAlert(`left-${n}`)] });
    for (let n = 0; n < 50; n++) await collector.send(message(n));
    await collector[Symbol.asyncDispose]();
    await waitUntil(
      "only the bystander is left",
      () => api.stats(),
      ({ metrics, lingering }) => metrics.activeConnections === 1 && lingering === 0,
    );
    assert.equal((await api.stats())["failures"], 0);
  });

  await t.step("the bystander was served throughout", async () => {
    const { last } = await bystander.store([riskAlert("at the end")]);
    assert.equal(last["risk-alerts"]!.seq, (await api.heads())["risk-alerts"]);
  });
});

Deno.test("at a drain a publisher is told, then closed with 1001, and every ack that it got is stored", async () => {
  const env = { TELEMETRY_DRAIN_SECONDS: "2" };
  await using gateway = await GatewayProcess.start({ env });
  const { wsUrl, apiKey } = gateway;
  await using watcher = await V1Client.connect(wsUrl, { apiKey, channels: ["risk-alerts"] });
  await using collector = await CollectorClient.connect(wsUrl, { apiKey });
  let acked = 0;
  const publishing = (async () => {
    for (let n = 1;; n++) {
      await collector.store([riskAlert(`n${n}`)]);
      acked = n;
    }
  })();
  const interrupted = assert.rejects(publishing, /closed before an answer/);
  await waitUntil("a few are stored", () => acked, (count) => count > 20);
  assert.equal((await gateway.stop()).code, 0);
  assert.equal((await collector.closed).code, 1001);
  assert.ok(collector.received("going_away")[0]!.reconnectAfterMs >= RECONNECT_MILLIS);
  await interrupted;
  await watcher.closed;
  // What a publisher was told is on its way to subscribers already.
  const seen = watcher.events("risk-alerts").map(({ data }) => data!["id"]);
  assert.deepEqual(seen.slice(0, acked), Array.from({ length: acked }, (_, n) => `n${n + 1}`));
});
