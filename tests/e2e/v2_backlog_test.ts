/**
 * What a v2 client may miss for how long: the store's retention decides, and a client that cannot be
 * made whole is told so.
 *
 * @module
 */
import assert from "node:assert/strict";
import { rotateStoreEpoch } from "../../routes/cli/rotate_epoch.ts";
import { position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { V2Client } from "../support/v2_client.ts";
import { V2Ledger } from "../support/v2_ledger.ts";
import { pause, waitUntil } from "../support/wait.ts";

const apiKey = "backlog-key";

/** Variables of a gateway that keeps little in memory. */
const storedIn = (directory: string) => ({
  TELEMETRY_STORE: "sqlite",
  TELEMETRY_DATA_DIR: directory,
  TELEMETRY_BOOT_ID: BOOT,
  TELEMETRY_RING_CAPACITY: "64",
});

/** Publishes that many alerts, every tenth of them critical. */
async function publishAlerts(api: HttpApi, count: number, message = "m"): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const size = Math.min(1_000, count - from);
    await api.publishNdjson(
      Array.from({ length: size }, (_, index) =>
        riskAlert(`a${from + index}`, {
          severity: (from + index) % 10 === 0 ? "CRITICAL" : "INFO",
          message,
          violations: [],
        })),
    );
  }
}

Deno.test("far behind, but within what is kept", async (t) => {
  using directory = new TempDir();
  await using gateway = await GatewayProcess.start({ env: storedIn(directory.path), apiKey });
  const api = new HttpApi(gateway);
  const { last } = await api.publish(riskAlert("first"));
  const { epoch } = last["risk-alerts"];
  await publishAlerts(api, 12_000);

  await t.step("more than 10,000 missed alerts come back, complete", async () => {
    await using client = await V2Client.to(gateway, { keep: false });
    const since = { epoch, seq: 0 };
    const { channels } = await client.subscribe({ name: "risk-alerts", since });
    assert.equal(channels!["risk-alerts"]!.recovered, true);
    await client.waitUntilAt("risk-alerts", 12_001, 20_000);
    assert.equal(client.ledger.of("risk-alerts").delivered.size, 12_001);
  });

  await t.step("through a filter as well: few events, every number", async () => {
    await using client = await V2Client.to(gateway);
    const filter = { minSeverity: "CRITICAL" as const };
    await client.subscribe({ name: "risk-alerts", since: { epoch, seq: 1 }, filter });
    await client.waitUntilAt("risk-alerts", 12_001, 20_000);
    assert.equal(client.events("risk-alerts").length, 1_200);
    assert.equal(client.ledger.of("risk-alerts").tally.filtered, 10_800);
  });

  await t.step(
    "a reader too slow for its alerts is ended, comes back and has them all",
    async () => {
      const ledger = new V2Ledger();
      {
        await using client = await V2Client.to(gateway, { ledger, keep: false });
        await client.subscribe("risk-alerts");
        client.socket.pause();
        await waitUntil(
          "it is ended",
          async () => {
            await publishAlerts(api, 1_000, "x".repeat(1_000));
            return await api.clients();
          },
          (listed) => listed.length === 0,
          { withinMs: 30_000 },
        );
        client.socket.resume();
        assert.equal((await client.closed).code, 4413);
      }
      const { "risk-alerts": head } = await api.heads();
      await using client = await V2Client.to(gateway, { ledger, keep: false });
      const since = ledger.place("risk-alerts")!;
      const { channels } = await client.subscribe({ name: "risk-alerts", since });
      assert.equal(channels!["risk-alerts"]!.recovered, true);
      await client.waitUntilAt("risk-alerts", head!, 30_000);
      assert.equal(ledger.of("risk-alerts").delivered.size, head! - 12_001);
      assert.equal(ledger.of("risk-alerts").ranges.length, 1);
    },
  );
});

Deno.test("past retention a client is told what it lost, and never less", async () => {
  using directory = new TempDir();
  const env = { ...storedIn(directory.path), TELEMETRY_RETENTION_EVENTS: "1000" };
  await using gateway = await GatewayProcess.start({ env, apiKey });
  const api = new HttpApi(gateway);
  const { last } = await api.publish(riskAlert("first"));
  const { epoch } = last["risk-alerts"];
  await publishAlerts(api, 3_000);
  // Retention runs beside this: whoever is told that it is whole must be.
  const acked = await waitUntil(
    "the first alerts are forgotten",
    async () => {
      await using client = await V2Client.to(gateway);
      const { channels } = await client.subscribe({
        name: "risk-alerts",
        since: { epoch, seq: 0 },
      });
      const { recovered } = channels!["risk-alerts"]!;
      if (recovered) {
        await Promise.race([client.waitUntilAt("risk-alerts", 3_001, 10_000), client.closed]);
      }
      return channels!["risk-alerts"]!;
    },
    ({ recovered }) => recovered === false,
    { withinMs: 15_000, everyMs: 100 },
  );
  assert.ok(acked.lost! > 0 && acked.lost! <= 3_001, `${acked.lost}`);
  await pause(500);
  await using client = await V2Client.to(gateway);
  const since = { epoch, seq: 3_001 - 900 };
  const { channels } = await client.subscribe({ name: "risk-alerts", since });
  assert.deepEqual(channels!["risk-alerts"], { ...since, recovered: true });
  await client.waitUntilAt("risk-alerts", 3_001);
  assert.equal(client.events("risk-alerts").length, 900);
});

Deno.test("in a new epoch everybody begins with a snapshot", async (t) => {
  const positions = [position("p1"), position("p2"), position("p1", { status: "CLOSED" })];

  /** Follows positions on a gateway, and returns the books. */
  async function follow(gateway: GatewayProcess): Promise<V2Ledger> {
    await new HttpApi(gateway).publish(positions);
    await using client = await V2Client.to(gateway);
    await client.subscribe({ name: "positions", snapshot: true });
    await client.waitUntilAt("positions", 3);
    return client.ledger;
  }

  /** Comes back with a place of the old epoch, and returns the ids that it has then. */
  async function comeBack(gateway: GatewayProcess, ledger: V2Ledger): Promise<string[]> {
    await using client = await V2Client.to(gateway, { ledger });
    const since = ledger.place("positions")!;
    const { channels } = await client.subscribe({ name: "positions", since });
    const { epoch, recovered, lost } = channels!.positions!;
    assert.notEqual(epoch, since.epoch);
    assert.deepEqual([recovered, lost], [false, undefined]);
    await client.waitForType("snapshot", ({ last }) => last);
    return [...ledger.of("positions").table.keys()];
  }

  await t.step("after a restart of the memory store: of nothing", async () => {
    let ledger: V2Ledger;
    {
      await using gateway = await GatewayProcess.start({ apiKey });
      ledger = await follow(gateway);
    }
    await using gateway = await GatewayProcess.start({ apiKey });
    assert.deepEqual(await comeBack(gateway, ledger), []);
  });

  await t.step("after a rotation of a restored store: of what it has", async () => {
    using directory = new TempDir();
    const env = storedIn(directory.path);
    let ledger: V2Ledger;
    {
      await using gateway = await GatewayProcess.start({ env, apiKey });
      ledger = await follow(gateway);
      await gateway.stop();
    }
    await rotateStoreEpoch(directory.path);
    await using gateway = await GatewayProcess.start({ env, apiKey });
    assert.deepEqual(await comeBack(gateway, ledger), ["p2"]);
  });
});
