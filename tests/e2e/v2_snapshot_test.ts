/**
 * A large snapshot comes in parts, of one moment, while the world goes on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { removal, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";
import { pause } from "../support/wait.ts";

const KEYS = 5_000;

Deno.test("a snapshot of 5,000 keys", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RING_CAPACITY: "1024", TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  for (let from = 0; from < KEYS; from += 1_000) {
    await api.publishNdjson(
      Array.from({ length: 1_000 }, (_, index) => traderStatus(`t${from + index}`)),
    );
  }

  await t.step("comes in parts, the last one marked", async () => {
    await using client = await V2Client.to(gateway);
    const { channels } = await client.subscribe({ name: "trader-status", snapshot: true });
    await client.waitForType("snapshot", ({ last }) => last, { withinMs: 10_000 });
    const parts = client.snapshots("trader-status");
    assert.ok(parts.length > 1, "it does not fit into one message");
    assert.deepEqual(
      parts.map(({ last }) => last),
      parts.map((_, index) => index === parts.length - 1),
    );
    assert.equal(channels!["trader-status"]!.seq, KEYS);
    assert.equal(client.ledger.of("trader-status").table.size, KEYS);
  });

  await t.step("is of one moment, and events follow it, while publishers go on", async () => {
    let publishing = true;
    let rounds = 0;
    const publisher = (async () => {
      while (publishing) {
        rounds += 1;
        await api.publish([
          ...Array.from(
            { length: 50 },
            (_, index) =>
              traderStatus(`t${(rounds * 50 + index) % KEYS}`, { reason: `round ${rounds}` }),
          ),
          traderStatus(`new-${rounds}`),
          ...(rounds > 1 ? [removal("trader-status", `new-${rounds - 1}`)] : []),
        ]);
      }
    })();
    const clients: V2Client[] = [];
    try {
      for (let count = 0; count < 5; count++) {
        const client = await V2Client.to(gateway);
        clients.push(client);
        await client.subscribe({ name: "trader-status", snapshot: true });
      }
      publishing = false;
      await publisher;
      const { "trader-status": head } = await api.heads();
      for (const client of clients) await client.waitUntilAt("trader-status", head!, 15_000);
      await using fresh = await V2Client.to(gateway);
      await fresh.subscribe({ name: "trader-status", snapshot: true });
      await fresh.waitForType("snapshot", ({ last }) => last, { withinMs: 10_000 });
      const expected = seqs(fresh);
      assert.equal(expected.size, KEYS + 1, "every trader and the newest newcomer");
      for (const client of clients) assert.deepEqual(seqs(client), expected);
    } finally {
      publishing = false;
      await publisher.catch(() => {});
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  });

  await t.step("does not hold up alerts, nor a cut in its midst anybody", async () => {
    await using client = await V2Client.to(gateway);
    await client.subscribe("risk-alerts");
    await client.subscribe({ name: "trader-status", snapshot: true });
    const { last } = await api.publish(riskAlert("now"));
    await client.waitUntilAt("risk-alerts", last["risk-alerts"].seq, 2_000);
    await using cut = await V2Client.to(gateway);
    await cut.subscribe({ name: "trader-status", snapshot: true });
    cut.socket.drop();
    await client.waitForType("snapshot", (part) => part.last, { withinMs: 10_000 });
  });

  for (const snapshot of [true, false]) {
    const what = snapshot ? "begins again when asked to" : "is finished as it began";
    await t.step(`${what}, after its filter is replaced`, async () => {
      const traderIds = Array.from({ length: 100 }, (_, index) => `t${index * 50}`);
      await using client = await V2Client.to(gateway);
      client.socket.pause();
      const first = client.subscribe({ name: "trader-status", snapshot: true });
      const second = client.subscribe({ name: "trader-status", snapshot, filter: { traderIds } });
      await pause(100);
      client.socket.resume();
      await Promise.all([first, second]);
      const { last } = await api.publish([traderStatus("t50"), traderStatus("t51")]);
      await client.waitUntilAt("trader-status", last["trader-status"].seq, 10_000);
      const { table } = client.ledger.of("trader-status");
      assert.deepEqual(client.events("trader-status").map(({ data }) => data.id), ["t50"]);
      if (!snapshot) assert.ok(table.size >= KEYS);
      else assert.deepEqual([...table.keys()].toSorted(), traderIds.toSorted());
    });
  }

  await t.step("reaches a reader who takes its time", async () => {
    await using client = await V2Client.to(gateway);
    client.socket.pause();
    const acked = client.subscribe({ name: "trader-status", snapshot: true });
    for (let reads = 0; reads < 200; reads++) await client.socket.readSome(4_096);
    client.socket.resume();
    await acked;
    await client.waitForType("snapshot", ({ last }) => last, { withinMs: 10_000 });
    assert.ok(client.ledger.of("trader-status").table.size >= KEYS);
  });
});

/** The table of a client: which number each key has. */
function seqs(client: V2Client): Map<string, number> {
  const { table } = client.ledger.of("trader-status");
  return new Map(
    [...table].map(([id, { seq }]) => [id, seq] as const).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}
