/**
 * A filter keeps the rest away, and says how much that was.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Channel } from "../../protocol/channels.ts";
import type { Filter } from "../../protocol/v2/client_message.ts";
import {
  marketData,
  position,
  type PublishBody,
  removal,
  riskAlert,
  traderStatus,
} from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";

/** One filter on one channel, what is published, and the ids that pass. */
interface Case {
  readonly says: string;
  readonly channel: Channel;
  readonly filter: Filter;
  readonly published: readonly PublishBody[];
  readonly wanted: readonly string[];
}

const CASES: readonly Case[] = [
  {
    says: "prices by symbol",
    channel: "market-data",
    filter: { symbols: ["BTCUSDT", "SOLUSDT"] },
    published: ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"].map((one) => marketData(one, "1")),
    wanted: ["BTCUSDT", "SOLUSDT"],
  },
  {
    says: "traders by their id",
    channel: "trader-status",
    filter: { traderIds: ["7"] },
    published: [traderStatus("7"), traderStatus("8"), traderStatus("77")],
    wanted: ["7"],
  },
  {
    says: "positions by trader and symbol, both",
    channel: "positions",
    filter: { traderIds: ["7"], symbols: ["ETHUSDT"] },
    published: [
      position("a", { traderId: "7", symbol: "ETHUSDT" }),
      position("b", { traderId: "7", symbol: "BTCUSDT" }),
      position("c", { traderId: "8", symbol: "ETHUSDT" }),
      position("d", { traderId: "7", symbol: "ETHUSDT", status: "CLOSED" }),
    ],
    wanted: ["a", "d"],
  },
  {
    says: "alerts by severity and above",
    channel: "risk-alerts",
    filter: { minSeverity: "WARNING" },
    published: ["INFO", "WARNING", "CRITICAL"].map((severity) => riskAlert(severity, { severity })),
    wanted: ["WARNING", "CRITICAL"],
  },
  {
    says: "alerts by trader, and those that concern all traders",
    channel: "risk-alerts",
    filter: { traderIds: ["7"] },
    published: [
      riskAlert("mine", { traderId: "7" }),
      riskAlert("theirs", { traderId: "8" }),
      riskAlert("everybody's", { traderId: undefined }),
    ],
    wanted: ["mine", "everybody's"],
  },
  {
    says: "a condition about what a channel does not have excludes nothing",
    channel: "market-data",
    filter: { traderIds: ["7"], minSeverity: "CRITICAL" },
    published: [marketData("AAA", "1"), marketData("BBB", "1")],
    wanted: ["AAA", "BBB"],
  },
];

Deno.test("a v2 filter keeps the rest away, and counts it", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "1",
      TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: "3",
    },
  });
  const api = new HttpApi(gateway);

  for (const { says, channel, filter, published, wanted } of CASES) {
    await t.step(says, async () => {
      await using client = await V2Client.to(gateway);
      await using everything = await V2Client.to(gateway);
      await client.subscribe({ name: channel, filter });
      await everything.subscribe(channel);
      const from = everything.ledger.place(channel)!;
      const { last } = await api.publish(published);
      await client.waitUntilAt(channel, last[channel].seq);
      await everything.waitUntilAt(channel, last[channel].seq);
      assert.deepEqual(client.events(channel).map(({ data }) => data.id), wanted);
      const { tally } = client.ledger.of(channel);
      assert.equal(tally.filtered, published.length - wanted.length);
      assert.equal(tally.skipped, 0);
      assert.equal(everything.events(channel).length, published.length);
      assert.equal(everything.ledger.of(channel).tally.filtered, 0);

      // The same events, replayed: a filter holds for what was missed as well.
      await using resumed = await V2Client.to(gateway);
      await resumed.subscribe({ name: channel, filter, since: from });
      await resumed.waitUntilAt(channel, last[channel].seq);
      assert.deepEqual(resumed.events(channel).map(({ data }) => data.id), wanted);
    });
  }

  await t.step("a snapshot is filtered as well", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({
      name: "positions",
      snapshot: true,
      filter: { traderIds: ["7"] },
    });
    const { events } = await client.waitForType("snapshot", ({ last }) => last);
    assert.deepEqual(events.map(({ data }) => data.id).toSorted(), ["a", "b"]);
  });

  await t.step("a removal reaches whoever could hold the key", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "positions", snapshot: true, filter: { traderIds: ["7"] } });
    await client.waitForType("snapshot", ({ last }) => last);
    const { last } = await api.publish(removal("positions", "b"));
    await client.waitUntilAt("positions", last.positions.seq);
    const [gone] = client.events("positions");
    assert.equal(gone!.data["removed"], true);
    assert.deepEqual([...client.ledger.of("positions").table.keys()], ["a"]);
  });

  await t.step(
    "who wants nothing of what comes still learns how far it is, every interval",
    async () => {
      await using client = await V2Client.to(gateway);
      await client.subscribe({ name: "market-data", filter: { symbols: ["NONE"] } });
      for (let round = 0; round < 2; round++) {
        const { last } = await api.publish([
          marketData("BTCUSDT", "1"),
          marketData("ETHUSDT", "1"),
        ]);
        await client.waitUntilAt("market-data", last["market-data"].seq, 2_000);
      }
      assert.deepEqual(client.events("market-data"), []);
      assert.equal(client.ledger.of("market-data").tally.filtered, 4);
    },
  );

  await t.step("an empty filter is none", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "risk-alerts", filter: {} });
    const { last } = await api.publish(riskAlert("x", { severity: "INFO" }));
    await client.waitUntilAt("risk-alerts", last["risk-alerts"].seq);
    assert.equal(client.events("risk-alerts").length, 1);
  });
});
