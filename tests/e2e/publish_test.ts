/**
 * Publishing over HTTP in every form that is accepted.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import {
  marketData,
  position,
  removal,
  riskAlert,
  traderMetrics,
  traderStatus,
} from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, NDJSON } from "../support/http_api.ts";
import { V1Client } from "../support/v1_client.ts";

Deno.test("valid events are accepted in every form", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(gateway.wsUrl, {
    apiKey: gateway.apiKey,
    channels: ["risk-alerts", "trader-status", "positions", "market-data"],
  });
  let epoch = "";

  await t.step("one event", async () => {
    const receipt = await api.publish(riskAlert("single"));
    epoch = receipt["last"]["risk-alerts"].epoch;
    assert.deepEqual(receipt, {
      accepted: 1,
      duplicates: 0,
      last: { "risk-alerts": { epoch, seq: 1 } },
    });
    const [event] = await client.waitForEvents("risk-alerts", 1);
    assert.equal(event!.data!["id"], "single");
    assert.equal(event!.meta!["seq"], "1");
    assert.equal(event!.meta!["epoch"], epoch);
  });

  await t.step("an array, over several channels", async () => {
    const receipt = await api.publish([
      traderStatus("1", { metrics: traderMetrics() }),
      riskAlert("second"),
      position("p"),
      riskAlert("third"),
    ]);
    assert.equal(receipt["accepted"], 4);
    assert.equal(receipt["last"]["risk-alerts"].seq, 3);
    assert.equal(receipt["last"]["positions"].seq, 1);
    const events = await client.waitForEvents("risk-alerts", 3);
    assert.deepEqual(events.map(({ data }) => data!["id"]), ["single", "second", "third"]);
  });

  await t.step("NDJSON, with blank lines and a trailing newline", async () => {
    const lines = [marketData("BTCUSDT", "1"), marketData("ETHUSDT", "2")];
    const body = `${lines.map((line) => JSON.stringify(line)).join("\n\n")}\n`;
    const headers = { "Content-Type": `${NDJSON}; charset=utf-8` };
    const answer = await api.post(body, { headers });
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.body["data"].accepted, 2);
  });

  await t.step("NDJSON in CRLF lines", async () => {
    const body = `${JSON.stringify(marketData("A", "1"))}\r\n${
      JSON.stringify(marketData("B", "2"))
    }`;
    const answer = await api.post(body, { headers: { "Content-Type": NDJSON } });
    assert.equal(answer.status, 202, answer.text);
  });

  await t.step("a channel under its aliases, answered with the wire name", async () => {
    for (const channel of ["risk.alert", "RISK_ALERTS", "risk-alert"]) {
      const receipt = await api.publish({ ...riskAlert("alias"), channel });
      assert.deepEqual(Object.keys(receipt["last"]), ["risk-alerts"]);
    }
  });

  await t.step("money passes through as it was written", async () => {
    const price = "0.1234567890123456789012345678901234567890";
    await api.publish(marketData("EXACT", price));
    const event = await client.waitFor("EXACT", ({ data }) => data?.["id"] === "EXACT");
    assert.equal(event.data!["price"], price);
  });

  await t.step("metrics of a trader pass through whole", () => {
    const [event] = client.events("trader-status");
    assert.deepEqual(event!.data!["metrics"], traderMetrics());
  });

  await t.step("a given time is kept, an absent one is now", async () => {
    const from = Date.now();
    await api.publish([
      riskAlert("timed", { createdAt: "2020-02-22T01:02:03.004+01:00" }),
      riskAlert("untimed"),
    ]);
    const timed = await client.waitFor("timed", ({ data }) => data?.["id"] === "timed");
    assert.equal(timed.data!["timestamp"], Date.UTC(2020, 1, 22, 0, 2, 3, 4));
    const untimed = await client.waitFor("untimed", ({ data }) => data?.["id"] === "untimed");
    const time = untimed.data!["timestamp"] as number;
    assert.ok(time >= from - 1 && time <= Date.now() + 1);
    assert.equal(Date.parse(untimed.data!["createdAt"] as string), time);
  });
});

Deno.test("a key is taken out of the snapshot for everyone", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  await api.publish([traderStatus("1"), traderStatus("2")]);

  await t.step("by an event, which subscribers do not see as one", async () => {
    await using client = await V1Client.connect(gateway.wsUrl, {
      apiKey: gateway.apiKey,
      channels: ["trader-status"],
    });
    const receipt = await api.publish(removal("trader.status", "1"));
    assert.equal(receipt["accepted"], 1);
    await api.publish(traderStatus("2", { status: "PAUSED" }));
    const [first] = await client.waitForEvents("trader-status", 1);
    assert.equal(first!.data!["id"], "2");
    const snapshots = (await api.stats())["channelSnapshots"];
    assert.equal(snapshots["trader-status"], 1);
  });

  await t.step("a removal with data, or of a lossless channel, is 422", async () => {
    const mixed = { ...traderStatus("1"), removed: true, id: "1" };
    assertError(await api.post(mixed), 422, "INVALID_EVENTS");
    assertError(await api.post(removal("risk-alerts", "r")), 422, "INVALID_EVENTS");
  });
});
