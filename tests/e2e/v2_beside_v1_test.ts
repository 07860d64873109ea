/**
 * Both dialects at once: the same events, the same numbers, each in its own words.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, removal, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { seqOf, V1Client } from "../support/v1_client.ts";
import { V2Client } from "../support/v2_client.ts";

const CHANNELS = ["risk-alerts", "trader-status", "positions", "market-data"] as const;

Deno.test("v1 and v2 clients side by side see the same events under the same numbers", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using v1 = await V1Client.connect(wsUrl, { apiKey, channels: CHANNELS });
  await using v2 = await V2Client.to(gateway);
  await v2.subscribe(...CHANNELS);
  for (let round = 0; round < 10; round++) {
    await api.publish([
      riskAlert(`a${round}`),
      traderStatus("t1", { reason: String(round) }),
      position("p1", { currentPrice: String(round + 1) }),
      marketData("BTCUSDT", String(round + 1)),
      marketData("ETHUSDT", String(round + 1)),
    ]);
  }
  const heads = await api.heads();
  for (const channel of CHANNELS) {
    await v2.waitUntilAt(channel, heads[channel]!);
    await v1.waitForEvents(channel, heads[channel]!);
  }

  await t.step("numbers, times and payloads are the same", () => {
    for (const channel of CHANNELS) {
      const theirs = v1.events(channel);
      const ours = v2.events(channel);
      assert.deepEqual(ours.map(({ seq }) => seq), theirs.map(seqOf));
      assert.equal(v2.ledger.place(channel)!.epoch, theirs[0]!.meta!["epoch"]);
      ours.forEach(({ data, timestamp }, index) => {
        const { data: old, meta, timestamp: oldTimestamp } = theirs[index]!;
        assert.equal(timestamp, oldTimestamp);
        // The deployed decoder of positions knows no updatedAt.
        const { updatedAt, ...rest } = data;
        if (channel !== "positions") assert.deepEqual(data, old);
        else assert.deepEqual([rest, updatedAt], [old, meta!["updatedAt"]]);
      });
    }
  });

  await t.step("a removal is a v2 event, and nothing that a v1 client would not know", async () => {
    const { last } = await api.publish(removal("trader-status", "t1"));
    await v2.waitUntilAt("trader-status", last["trader-status"].seq);
    const { data } = v2.events("trader-status").at(-1)!;
    assert.deepEqual([data.id, data["removed"]], ["t1", true]);
    await v1.heartbeat();
    assert.equal(v1.events("trader-status").length, 10);
  });

  await t.step("a place known from v1 is a place to resume from in v2", async () => {
    const fifth = v1.events("risk-alerts")[4]!;
    await using late = await V2Client.to(gateway);
    const since = { epoch: fifth.meta!["epoch"]!, seq: seqOf(fifth) };
    const { channels } = await late.subscribe({ name: "risk-alerts", since });
    assert.equal(channels!["risk-alerts"]!.recovered, true);
    await late.waitUntilAt("risk-alerts", heads["risk-alerts"]!);
    assert.deepEqual(
      late.events("risk-alerts").map(({ data }) => data.id),
      ["a5", "a6", "a7", "a8", "a9"],
    );
  });

  await t.step("the list of clients tells them apart", async () => {
    const protocols = (await api.clients()).map(({ protocol }) => protocol);
    assert.deepEqual(protocols.toSorted(), ["telemetry.v1", "telemetry.v2"]);
  });
});
