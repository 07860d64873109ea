/**
 * Where a v2 subscription begins: the table of the contract, case by case.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Channel } from "../../protocol/channels.ts";
import { position, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import type { Asked } from "../support/v2_channel_ledger.ts";
import { V2Client } from "../support/v2_client.ts";

/** Small enough for a few events to fall out of it. */
const RING = 16;

Deno.test("a v2 subscription begins where it asks to", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RING_CAPACITY: String(RING), TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  const receipt = await api.publish([
    position("p1"),
    position("p2"),
    position("p1", { status: "UPDATED", currentPrice: "2" }),
    position("p3"),
    position("p2", { status: "CLOSED" }),
  ]);
  const { epoch } = receipt["last"].positions;
  const table = (client: V2Client, channel: Channel = "positions") =>
    [...client.ledger.of(channel).table.values()].map(({ seq, data }) => [data.id, seq]);

  /** Subscribes to one channel and returns its place in the ack. */
  async function begin(client: V2Client, asked: Asked) {
    const { channels } = await client.subscribe(asked);
    return channels![asked.name as Channel]!;
  }

  await t.step("with neither since nor snapshot: at the head", async () => {
    await using client = await V2Client.to(gateway);
    assert.deepEqual(await begin(client, { name: "positions" }), { epoch, seq: 5 });
    await client.heartbeat();
    assert.deepEqual(client.frames("positions"), []);
    assert.deepEqual(client.snapshots("positions"), []);
  });

  await t.step("with snapshot alone: the latest states, then live", async () => {
    await using client = await V2Client.to(gateway);
    const acked = await begin(client, { name: "positions", snapshot: true });
    assert.deepEqual(acked, { epoch, seq: 5 });
    await client.waitForType("snapshot", ({ last }) => last);
    assert.deepEqual(table(client), [["p1", 3], ["p3", 4]]);
  });

  await t.step("with since that can be recovered: everything after it, no snapshot", async () => {
    for (const snapshot of [false, true]) {
      await using client = await V2Client.to(gateway);
      const since = { epoch, seq: 2 };
      const acked = await begin(client, { name: "positions", since, snapshot });
      assert.deepEqual(acked, { epoch, seq: 2, recovered: true });
      await client.waitUntilAt("positions", 5);
      assert.deepEqual(client.events("positions").map(({ seq }) => seq), [3, 4, 5]);
      assert.ok(client.frames("positions").every(({ replay }) => replay));
      assert.deepEqual(client.snapshots("positions"), []);
    }
  });

  await t.step("with since at the head: recovered, and nothing follows", async () => {
    await using client = await V2Client.to(gateway);
    const acked = await begin(client, { name: "positions", since: { epoch, seq: 5 } });
    assert.deepEqual(acked, { epoch, seq: 5, recovered: true });
    await client.heartbeat();
    assert.deepEqual(client.frames("positions"), []);
  });

  await t.step(
    "with since of another epoch: a snapshot, and nobody knows what is lost",
    async () => {
      await using client = await V2Client.to(gateway);
      const acked = await begin(client, { name: "positions", since: { epoch: "other", seq: 2 } });
      assert.deepEqual(acked, { epoch, seq: 5, recovered: false });
      await client.waitForType("snapshot", ({ last }) => last);
      assert.deepEqual(table(client), [["p1", 3], ["p3", 4]]);
    },
  );

  await t.step(
    "with since beyond the head: a snapshot, as the gateway was rolled back",
    async () => {
      await using client = await V2Client.to(gateway);
      const acked = await begin(client, { name: "positions", since: { epoch, seq: 9 } });
      assert.deepEqual([acked.epoch, acked.seq, acked.recovered], [epoch, 5, false]);
      await client.waitForType("snapshot", ({ last }) => last);
      await gateway.log(
        "the rollback",
        ({ level }) => /err/i.test(String(level)),
      );
    },
  );

  await t.step("an empty channel has an empty snapshot", async () => {
    await using client = await V2Client.to(gateway);
    const { seq } = await begin(client, { name: "trader-status", snapshot: true });
    const part = await client.waitForType("snapshot");
    assert.deepEqual([seq, part.seq, part.events, part.last], [0, 0, [], true]);
    await api.publish(traderStatus("t1"));
    await client.waitUntilAt("trader-status", 1);
    assert.deepEqual(table(client, "trader-status"), [["t1", 1]]);
  });

  await t.step(
    "a lossless channel past what is kept: recovered is false, lost is counted",
    async () => {
      await api.publish(Array.from({ length: 3 * RING }, (_, index) => riskAlert(`a${index}`)));
      await using client = await V2Client.to(gateway);
      const since = { epoch, seq: 1 };
      const acked = await begin(client, { name: "risk-alerts", since });
      assert.deepEqual([acked.seq, acked.recovered], [3 * RING, false]);
      assert.ok(acked.lost! >= 3 * RING - 1 - RING && acked.lost! <= 3 * RING - 1, `${acked.lost}`);
      const part = await client.waitForType("snapshot", ({ last }) => last);
      assert.equal(part.events.at(-1)?.seq, 3 * RING, "the newest alert is in it");
      await api.publish(riskAlert("next"));
      await client.waitUntilAt("risk-alerts", 3 * RING + 1);
    },
  );

  await t.step("a lossless channel at the edge of what is kept is complete", async () => {
    const { head } = (await api.stats())["channels"]["risk-alerts"];
    await using client = await V2Client.to(gateway);
    const since = { epoch, seq: head - RING };
    const acked = await begin(client, { name: "risk-alerts", since });
    assert.deepEqual(acked, { epoch, seq: head - RING, recovered: true });
    await client.waitUntilAt("risk-alerts", head);
    assert.equal(client.events("risk-alerts").length, RING);
  });

  await t.step("a keyed channel past the ring: the latest state of each key after it", async () => {
    const from = (await api.heads())["positions"]!;
    const updates = Array.from(
      { length: 3 * RING },
      (_, index) => position(`q${index % 3}`, { status: "UPDATED", currentPrice: String(index) }),
    );
    await api.publish([position("p1", { status: "CLOSED" }), ...updates]);
    await using client = await V2Client.to(gateway);
    const acked = await begin(client, { name: "positions", since: { epoch, seq: from } });
    assert.deepEqual(acked, { epoch, seq: from, recovered: true });
    await client.waitUntilAt("positions", from + 1 + 3 * RING);
    const { skipped, delivered } = client.ledger.of("positions").tally;
    assert.equal(skipped + delivered, 1 + 3 * RING);
    assert.ok(skipped > 0, "what fell out of the ring was conflated");
    const closed = client.events("positions").find(({ data }) => data.id === "p1");
    assert.equal(closed?.data["status"], "CLOSED");
    const ids = table(client).map(([id]) => id);
    assert.deepEqual(ids.toSorted(), ["q0", "q1", "q2"]);
  });

  await t.step("several channels are asked, and acked, at once", async () => {
    const heads = await api.heads();
    await using client = await V2Client.to(gateway);
    const { channels } = await client.subscribe(
      "POSITION",
      { name: "trader.status", snapshot: true },
      { name: "risk_alert", since: { epoch, seq: heads["risk-alerts"]! } },
    );
    assert.deepEqual(channels, {
      "positions": { epoch, seq: heads["positions"] },
      "trader-status": { epoch, seq: heads["trader-status"] },
      "risk-alerts": { epoch, seq: heads["risk-alerts"], recovered: true },
    });
  });
});
