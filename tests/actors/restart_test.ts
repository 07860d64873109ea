/**
 * A gateway that is stopped and started on the same store: the promises that outlast a process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createGateway, type Gateway, restoreRequest } from "../../actors/gateway.ts";
import type { PublishError } from "../../actors/operations.ts";
import type { Logger, Store, StoredEvent, StoredIdentity } from "../../actors/ports.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { LatestStates } from "../../actors/stream/latest_states.ts";
import { Config } from "../../protocol/config.ts";
import { parseSubmission } from "../../protocol/publish.ts";
import { everything, HOUR, seqs, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { TestClock } from "../support/test_clock.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A price of a symbol, as published. */
function price(symbol: string, value: string, eventId?: string) {
  const data = { symbol, price: value, source: "x", isSnapshot: false };
  return { channel: "market-data", data, ...(eventId && { eventId }) };
}

/** One life of a gateway. */
class Life implements AsyncDisposable {
  readonly gateway: Gateway;

  private constructor(readonly clock: TestClock, readonly store: Store, gateway: Gateway) {
    this.gateway = gateway;
  }

  static async begin(clock: TestClock, store: Store, ringCapacity = 64): Promise<Life> {
    const config = Config.parse({ telemetry: { ringCapacity } });
    const restored = await store.restore(restoreRequest(config, clock));
    return new Life(clock, store, createGateway(config, clock, SILENT, store, restored));
  }

  /** Publishes in one batch. */
  async publish(...values: readonly unknown[]) {
    const submissions = values.map((value) => {
      const result = parseSubmission(value, "event", this.clock.epochMillis());
      assert.ok(result.ok, JSON.stringify(result));
      return result.submission;
    });
    const receipt = this.gateway.eventLog.append("core", submissions);
    let settled = false;
    const settle = () => void (settled = true);
    receipt.then(settle, settle);
    // The store takes real time, and the turn that waits for it may be another's.
    while (!settled) await this.clock.advanceAsync(0);
    return await receipt;
  }

  stats() {
    return this.gateway.hub.stats().channels["market-data"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.gateway.hub.stop();
    await this.store.close();
  }
}

/** Two lives on one directory, some simulated time apart. */
async function lives(
  millisBetween: number,
  first: (life: Life) => Promise<void>,
  second: (life: Life) => Promise<void>,
  ringCapacity = 64,
): Promise<void> {
  using directory = new TempDir();
  const clock = new TestClock();
  for (const live of [first, second]) {
    const store = await SqliteStore.open(sqliteOptions(directory.path));
    await using life = await Life.begin(clock, store, ringCapacity);
    await live(life);
    clock.advance(millisBetween);
  }
}

Deno.test("a restart continues numbers and epoch, and refills ring and snapshot", async () => {
  let before: ReturnType<Life["stats"]> | undefined;
  await lives(1_000, async (life) => {
    for (let n = 1; n <= 40; n++) await life.publish(price(`S${n % 5}`, `${n}`));
    before = life.stats();
  }, async (life) => {
    const { head, epoch, ringEvents, snapshotSize, published } = life.stats();
    assert.deepEqual(
      [head, epoch, ringEvents, snapshotSize, published],
      [40, before!.epoch, before!.ringEvents, 5, 0],
    );
    const { last } = await life.publish(price("S1", "1"));
    assert.deepEqual(last, { "market-data": { epoch, seq: 41 } });
  });
});

Deno.test("the snapshot holds keys whose events have left the ring", async () => {
  await lives(1_000, async (life) => {
    await life.publish(price("OLD", "1"));
    for (let n = 1; n <= 40; n++) await life.publish(price("NEW", `${n}`));
  }, (life) => {
    const { ringEvents, snapshotSize } = life.stats();
    assert.deepEqual([ringEvents, snapshotSize], [16, 2]);
    return Promise.resolve();
  }, 16);
});

/** An alert, as published. */
function alert(id: string) {
  const data = { id, severity: "CRITICAL", message: "m", violations: [], status: "ACTIVE" };
  return { channel: "risk-alerts", data };
}

Deno.test("after a restart the snapshot has alerts of before one alert filled the ring", async () => {
  await lives(1_000, async (life) => {
    await life.publish(alert("A"));
    for (let n = 0; n < 40; n++) await life.publish(alert("B"));
  }, (life) => {
    const { events } = life.gateway.history.snapshot("risk-alerts");
    assert.deepEqual(events().map(({ key, seq }) => [key, seq]), [["A", 1], ["B", 41]]);
    return Promise.resolve();
  }, 16);
});

Deno.test("a retry after the restart is a duplicate with its first number, until the window ends", async () => {
  const once = price("A", "1", "e1");
  await lives(60_000, async (life) => void await life.publish(once), async (life) => {
    const retry = await life.publish(once, price("B", "1"));
    assert.deepEqual([retry.accepted, retry.duplicates], [1, 1]);
    assert.equal(life.stats().head, 2);
    await assert.rejects(life.publish(price("A", "2", "e1")), (error: PublishError) => {
      assert.equal(error.code, "EVENT_ID_REUSED");
      return true;
    });
    life.clock.advance(60_001);
    assert.equal((await life.publish(once)).accepted, 1);
  });
});

Deno.test("a commit that fails takes nothing: the retry has the same numbers, and outlasts a restart", async () => {
  using directory = new TempDir();
  const clock = new TestClock();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  let failures = 1;
  const commit = store.commit.bind(store);
  store.commit = (batch: readonly StoredEvent[], identities?: readonly StoredIdentity[]) =>
    failures-- > 0 ? Promise.reject(new Error("disk")) : commit(batch, identities);
  {
    await using life = await Life.begin(clock, store);
    await assert.rejects(life.publish(price("A", "1", "e1")), { code: "STORE_UNAVAILABLE" });
    assert.equal(life.stats().head, 0);
    const { accepted, last } = await life.publish(price("A", "1", "e1"));
    assert.deepEqual([accepted, last["market-data"]?.seq], [1, 1]);
  }
  const again = await SqliteStore.open(sqliteOptions(directory.path));
  assert.deepEqual(seqs(await again.read("market-data", 0, 9)), [1]);
  const { identities } = await again.restore(everything({ epochMillis: clock.epochMillis() }));
  assert.equal(identities.length, 1);
  await again.close();
});

Deno.test("tombstones keep their age over a restart", async () => {
  const removal = { channel: "market-data", id: "A", removed: true };
  await lives(HOUR / 2, async (life) => {
    await life.publish(price("A", "1"));
    await life.publish(removal);
  }, async (life) => {
    const config = Config.parse({});
    const { latest } = (await life.store.restore(restoreRequest(config, life.clock)))
      .channels.get("market-data")!;
    assert.deepEqual(latest.map(({ ends }) => ends), ["removed"]);
    life.clock.advance(HOUR / 2);
    const later = (await life.store.restore(restoreRequest(config, life.clock)))
      .channels.get("market-data")!;
    assert.deepEqual([later.latest, later.horizon], [[], 2]);
  });
});

Deno.test("a horizon of an earlier process is never lowered", () => {
  const states = new LatestStates();
  states.raiseHorizon(7);
  states.raiseHorizon(3);
  assert.equal(states.horizon, 7);
});
