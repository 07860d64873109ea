/**
 * A v2 client comes back and goes on where it was.
 *
 * @module
 */
import assert from "node:assert/strict";
import { position, removal, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { V2Client } from "../support/v2_client.ts";
import type { V2Ledger } from "../support/v2_ledger.ts";

const RING = 64;
const ALERTS = 5_000;

Deno.test("what ended while a client was away ends for it as well", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RING_CAPACITY: String(RING), TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  await api.publish([position("p1"), position("p2"), position("p3"), traderStatus("t1")]);
  let ledger: V2Ledger;
  {
    await using client = await V2Client.to(gateway);
    await client.subscribe(
      { name: "positions", snapshot: true },
      { name: "trader-status", snapshot: true },
    );
    await client.waitUntilAt("positions", 3);
    await client.waitUntilAt("trader-status", 1);
    ledger = client.ledger;
  }

  /** Comes back with the books of before, and returns the ids of its positions at the head. */
  async function comeBack(): Promise<string[]> {
    await using client = await V2Client.to(gateway, { ledger });
    const { channels } = await client.subscribe(
      { name: "positions", since: ledger.place("positions")! },
      { name: "trader-status", since: ledger.place("trader-status")! },
    );
    assert.equal(channels!.positions!.recovered, true);
    assert.equal(channels!["trader-status"]!.recovered, true);
    const heads = await api.heads();
    await client.waitUntilAt("positions", heads["positions"]!);
    await client.waitUntilAt("trader-status", heads["trader-status"]!);
    return [...ledger.of("positions").table.keys()].toSorted();
  }

  await t.step("within the ring", async () => {
    await api.publish([position("p1", { status: "CLOSED" }), removal("trader-status", "t1")]);
    assert.deepEqual(await comeBack(), ["p2", "p3"]);
    assert.equal(ledger.of("trader-status").table.size, 0);
  });

  await t.step("beyond the ring, by its tombstone", async () => {
    await api.publish([position("p2", { status: "CLOSED" }), removal("positions", "p3")]);
    for (let round = 0; round < 3; round++) {
      await api.publish(Array.from({ length: RING }, (_, index) => position(`n${index % 5}`)));
    }
    assert.deepEqual(await comeBack(), ["n0", "n1", "n2", "n3", "n4"]);
    assert.equal(ledger.of("positions").ranges.length, 1, "never rebased");
    assert.ok(ledger.of("positions").tally.skipped > 0, "but conflated");
  });
});

Deno.test("5,000 alerts missed with a ring of 64 come back complete from the store", async (t) => {
  using directory = new TempDir();
  const apiKey = "resume-key";
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
    TELEMETRY_RING_CAPACITY: String(RING),
  };
  let ledger: V2Ledger;

  await t.step("in order, replayed, while more alerts come", async () => {
    await using gateway = await GatewayProcess.start({ env, apiKey });
    const api = new HttpApi(gateway);
    {
      await using client = await V2Client.to(gateway);
      await client.subscribe("risk-alerts");
      await api.publish(riskAlert("first"));
      await client.waitUntilAt("risk-alerts", 1);
      ledger = client.ledger;
    }
    for (let from = 0; from < ALERTS; from += 1_000) {
      const batch = Array.from({ length: 1_000 }, (_, index) => riskAlert(`a${from + index}`));
      await api.publishNdjson(batch);
    }
    await using client = await V2Client.to(gateway, { ledger });
    const since = ledger.place("risk-alerts")!;
    const { channels } = await client.subscribe({ name: "risk-alerts", since });
    assert.deepEqual(channels!["risk-alerts"], { ...since, recovered: true });
    for (let index = 0; index < 20; index++) await api.publish(riskAlert(`live-${index}`));
    await client.waitUntilAt("risk-alerts", 1 + ALERTS + 20, 15_000);
    const events = client.events("risk-alerts");
    assert.deepEqual(
      events.slice(0, ALERTS).map(({ data }) => data.id),
      Array.from({ length: ALERTS }, (_, index) => `a${index}`),
    );
    assert.equal(ledger.of("risk-alerts").delivered.size, 1 + ALERTS + 20);
    const replayed = client.frames("risk-alerts").filter(({ replay }) => replay);
    assert.ok(replayed.every(({ to }) => to <= 1 + ALERTS), "no frame straddles replay and live");
    assert.equal(replayed.at(-1)!.to, 1 + ALERTS, "all of what was there is a replay");
    await gateway.stop("SIGKILL");
  });

  await t.step("over a kill of the gateway as well, in the same epoch", async () => {
    await using gateway = await GatewayProcess.start({ env, apiKey });
    const api = new HttpApi(gateway);
    const since = ledger.place("risk-alerts")!;
    await api.publish(riskAlert("after the kill"));
    {
      await using client = await V2Client.to(gateway, { ledger });
      const { channels } = await client.subscribe({ name: "risk-alerts", since });
      assert.deepEqual(channels!["risk-alerts"], { ...since, recovered: true });
      await client.waitUntilAt("risk-alerts", since.seq + 1);
    }
    await using beginner = await V2Client.to(gateway);
    await beginner.subscribe({ name: "risk-alerts", since: { ...since, seq: 0 } });
    await beginner.waitUntilAt("risk-alerts", since.seq + 1, 15_000);
    assert.equal(beginner.events("risk-alerts").length, since.seq + 1);
  });
});

Deno.test("many come back at once and far behind, and a reader's pace is its own", async () => {
  using directory = new TempDir();
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_DATA_DIR: directory.path,
      TELEMETRY_RING_CAPACITY: String(RING),
    },
  });
  const api = new HttpApi(gateway);
  const receipt = await api.publish(Array.from({ length: 900 }, (_, i) => riskAlert(`a${i}`)));
  const { epoch } = receipt["last"]["risk-alerts"];
  const clients: V2Client[] = [];
  try {
    for (let index = 0; index < 20; index++) clients.push(await V2Client.to(gateway));
    clients[0]!.socket.pause();
    const acks = clients.map((client, index) =>
      client.subscribe({ name: "risk-alerts", since: { epoch, seq: index * 10 } })
    );
    await Promise.all(
      clients.slice(1).map((client) => client.waitUntilAt("risk-alerts", 900, 15_000)),
    );
    clients[0]!.socket.resume();
    await Promise.all(acks);
    await clients[0]!.waitUntilAt("risk-alerts", 900);
    clients.forEach((client, index) =>
      assert.equal(client.events("risk-alerts").length, 900 - index * 10)
    );
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
});
