/**
 * Large events and large batches reach v2 clients in frames that fit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, type PublishBody, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V2Client } from "../support/v2_client.ts";

const LARGE = "x".repeat(4_000);

/** An alert of about 60 KB, near the most that is accepted. */
function largeAlert(id: string): PublishBody {
  const violation = { type: "BUDGET", message: LARGE, details: {} };
  return riskAlert(id, { violations: Array.from({ length: 15 }, () => violation) });
}

Deno.test("large events reach v2 clients", async (t) => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  await using client = await V2Client.to(gateway);
  await client.subscribe("risk-alerts", "market-data", "trader-status");

  await t.step("alerts of 60 KB, many in one batch", async () => {
    const { last } = await api.publish(Array.from({ length: 40 }, (_, i) => largeAlert(`a${i}`)));
    await client.waitUntilAt("risk-alerts", last["risk-alerts"].seq, 10_000);
    assert.equal(client.events("risk-alerts").length, 40);
  });

  await t.step("prices of 4 KB, a thousand in one batch", async () => {
    const batch = Array.from(
      { length: 1_000 },
      (_, index) => marketData(`S${index}`, "1", { source: LARGE }),
    );
    const { last } = await api.publish(batch);
    await client.waitUntilAt("market-data", last["market-data"].seq, 10_000);
    const { delivered, skipped } = client.ledger.of("market-data").tally;
    assert.equal(delivered + skipped, 1_000);
    assert.equal(new Set(client.events("market-data").map(({ data }) => data.id)).size, 1_000);
  });

  await t.step("a snapshot of them, and a resumption over them", async () => {
    const batch = Array.from(
      { length: 1_000 },
      (_, index) => traderStatus(`t${index}`, { reason: LARGE }),
    );
    const { last } = await api.publish(batch);
    const { epoch, seq } = last["trader-status"];
    await using beginner = await V2Client.to(gateway);
    await beginner.subscribe(
      { name: "trader-status", snapshot: true },
      { name: "risk-alerts", snapshot: true },
    );
    await beginner.waitUntilAt("trader-status", seq, 10_000);
    await beginner.waitUntilAt("risk-alerts", 40, 10_000);
    assert.equal(beginner.ledger.of("trader-status").table.size, 1_000);
    await using returning = await V2Client.to(gateway);
    const alerts = client.ledger.place("risk-alerts")!;
    await returning.subscribe(
      { name: "trader-status", since: { epoch, seq: 0 } },
      { name: "risk-alerts", since: { epoch: alerts.epoch, seq: 0 } },
    );
    await returning.waitUntilAt("trader-status", seq, 10_000);
    await returning.waitUntilAt("risk-alerts", 40, 10_000);
    assert.equal(returning.events("trader-status").length, 1_000);
    assert.equal(returning.events("risk-alerts").length, 40);
  });

  await t.step("the same under conflation", async () => {
    await using thin = await V2Client.to(gateway);
    await thin.subscribe({ name: "market-data", conflate: true, intervalMs: 200 });
    for (let round = 0; round < 3; round++) {
      await api.publish(
        Array.from(
          { length: 500 },
          (_, index) => marketData(`S${index}`, String(round), { source: LARGE }),
        ),
      );
    }
    const { "market-data": head } = await api.heads();
    await thin.waitUntilAt("market-data", head!, 10_000);
    const latest = new Map(thin.events("market-data").map(({ data }) => [data.id, data["price"]]));
    assert.equal(latest.size, 500);
    assert.ok([...latest.values()].every((price) => price === "2"));
  });
});
