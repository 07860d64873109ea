/**
 * How a v2 subscription is changed and ended.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";
import { pause } from "../support/wait.ts";

Deno.test("a v2 subscription is changed and ended", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);

  await t.step("subscribing again keeps the cursor and replaces the filter", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "positions", filter: { traderIds: ["1"] } });
    await api.publish([position("a", { traderId: "1" }), position("b", { traderId: "2" })]);
    await client.waitUntilAt("positions", 2);
    const { channels } = await client.subscribe({
      name: "positions",
      filter: { traderIds: ["2"] },
    });
    assert.equal(channels!.positions!.seq, 2);
    assert.equal(channels!.positions!.recovered, undefined);
    await api.publish([position("c", { traderId: "1" }), position("d", { traderId: "2" })]);
    await client.waitUntilAt("positions", 4);
    assert.deepEqual(client.events("positions").map(({ data }) => data.id), ["a", "d"]);
    await client.subscribe("positions");
    await api.publish(position("e", { traderId: "3" }));
    await client.waitUntilAt("positions", 5);
    assert.equal(client.events("positions").at(-1)!.data.id, "e");
  });

  await t.step("subscribing again in the midst of events leaves no hole", async () => {
    await using client = await V2Client.to(gateway);
    const { channels } = await client.subscribe("market-data");
    const first = channels!["market-data"]!.seq + 1;
    let count = 0;
    for (let round = 0; round < 20; round++) {
      const batch = Array.from({ length: 5 }, () => marketData(`S${++count % 4}`, String(count)));
      const changing = client.subscribe({
        name: "market-data",
        ...(round % 2 === 0 && { filter: { symbols: ["S1", "S2"] } }),
        ...(round % 3 === 0 && { intervalMs: 100 }),
      });
      await Promise.all([api.publish(batch), changing]);
      await pause(60); // slower than a flood
    }
    await client.subscribe("market-data");
    await api.publish(marketData("S0", "0"));
    await client.waitUntilAt("market-data", first + count);
    const { delivered, filtered, skipped } = client.ledger.of("market-data").tally;
    assert.equal(delivered + filtered + skipped, count + 1);
  });

  await t.step("asking for a snapshot again rebases", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "positions", snapshot: true });
    await client.waitForType("snapshot", ({ last }) => last);
    const from = client.messages.length;
    await client.subscribe({ name: "positions", snapshot: true });
    await client.waitForType("snapshot", ({ last }) => last, { from });
    await api.publish(position("f"));
    await client.waitForType("events", ({ events }) => events.at(-1)?.data.id === "f");
  });

  await t.step("unsubscribing is acked by id, and then there is silence", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe("positions", "risk-alerts");
    const heads = await api.heads();
    const ack = await client.unsubscribe("position");
    assert.equal(ack.channels?.positions?.seq, heads["positions"]);
    await api.publish([position("g"), riskAlert("after")]);
    await client.waitForType("events", ({ channel }) => channel === "risk-alerts");
    await client.heartbeat();
    assert.deepEqual(client.events("positions"), []);
    const [listed] = await api.clients();
    assert.deepEqual(listed!["subscribedChannels"], ["risk-alerts"]);
  });

  await t.step("unsubscribing from what is not subscribed is acked as well", async () => {
    await using client = await V2Client.to(gateway);
    const ack = await client.unsubscribe("trader-status");
    assert.equal(ack.ok, true);
  });

  await t.step("what was unsubscribed is resumed by since", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe("positions");
    await api.publish(position("h"));
    await client.waitForType("events", ({ channel }) => channel === "positions");
    await client.unsubscribe("positions");
    await api.publish(position("i"));
    const since = client.ledger.place("positions")!;
    const { channels } = await client.subscribe({ name: "positions", since });
    assert.equal(channels!.positions!.recovered, true);
    await client.waitUntilAt("positions", since.seq + 1);
    assert.deepEqual(client.events("positions").map(({ data }) => data.id), ["h", "i"]);
  });

  await t.step("since does not move a subscription that lives", async () => {
    await using client = await V2Client.to(gateway);
    const { channels } = await client.subscribe("positions");
    const since = channels!.positions!;
    await api.publish(position("j"));
    await client.waitUntilAt("positions", since.seq + 1);
    const again = await client.subscribe({ name: "positions", since });
    assert.deepEqual(again.channels!.positions, { epoch: since.epoch, seq: since.seq + 1 });
    await api.publish(position("k"));
    await client.waitUntilAt("positions", since.seq + 2);
    assert.deepEqual(client.events("positions").map(({ data }) => data.id), ["j", "k"]);
  });
});
