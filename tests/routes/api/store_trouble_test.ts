import assert from "node:assert/strict";
import { MemoryStore } from "../../../actors/store/memory.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { marketData } from "../../support/events.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { Metrics } from "../../support/metrics_text.ts";

/** A store whose disk can be taken away and given back. */
class FickleStore extends MemoryStore {
  broken = false;

  override commit(batch: readonly StoredEvent[]): Promise<void> {
    return this.broken ? Promise.reject(new Error("disk full")) : super.commit(batch);
  }
}

async function publish(fake: FakeGateway): Promise<number> {
  const { status, body } = await fake.request("/api/v1/telemetry/events", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(marketData("BTCUSDT", "1.5")),
  });
  await body?.cancel();
  return status;
}

async function look(fake: FakeGateway) {
  const health = await (await fake.request("/api/health", {}, null)).json();
  const ready = await fake.request("/health/ready", {}, null);
  await ready.body?.cancel();
  const metrics = new Metrics((await fake.gateway.metrics.scrape()).text);
  const value = (name: string) => metrics.value(`autotrader_telemetry_store_${name}`);
  return {
    status: health.data.status,
    ready: ready.status,
    commits: value("commits_total"),
    failures: value("commit_failures_total"),
    failing: value("failing"),
  };
}

Deno.test("a failing store shows in health and metrics, and no longer once it takes events again", async () => {
  const store = new FickleStore(16, "e1");
  await withGateway({ store }, async (fake) => {
    assert.equal(await publish(fake), 202);
    const good = { status: "ok", ready: 200, commits: 1, failures: 0, failing: 0 };
    assert.deepEqual(await look(fake), good);

    store.broken = true;
    assert.equal(await publish(fake), 503);
    assert.equal(await publish(fake), 503);
    // Ready all the same: it is the next event that finds out whether the disk is back.
    const bad = { status: "degraded", ready: 200, commits: 1, failures: 2, failing: 1 };
    assert.deepEqual(await look(fake), bad);

    store.broken = false;
    assert.equal(await publish(fake), 202);
    assert.deepEqual(await look(fake), { ...good, commits: 2, failures: 2 });
    assert.ok(fake.log.find({ message: "the store takes events again" }).length === 1);
  });
});
