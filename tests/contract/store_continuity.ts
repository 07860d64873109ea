/**
 * What every store must do so that a gateway can continue from it: whole commits, latest states with
 * their tombstones, identities, epochs, an end.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { RestoreRequest, Store, StoredEvent } from "../../actors/ports.ts";
import { type Channel, CHANNEL_SPECS, CHANNELS } from "../../protocol/channels.ts";
import {
  event,
  events,
  everything,
  HOUR,
  identity,
  retainAll,
  seqs,
  STORE_EPOCH,
} from "../support/store_fixture.ts";
import type { StoreFactory, StoreUnderTest } from "./store.ts";

/** More than any test commits, where nothing shall be forgotten. */
const AMPLE = 100_000;

/** Registers the tests of this part of the contract for one kind of store. */
export function testStoreContinuity(name: string, open: StoreFactory, propertyRuns = 50): void {
  function test(
    holds: string,
    check: (store: Store, under: StoreUnderTest) => Promise<void>,
    retained = AMPLE,
  ): void {
    Deno.test(`${name}: ${holds}`, async () => {
      const under = await open(retained);
      try {
        await check(under.store, under);
      } finally {
        await under.store.close();
        under.dispose?.();
      }
    });
  }

  test("an empty store begins every sequence at 0 and has nothing to read", async (store) => {
    const restored = await store.restore(everything());
    for (const channel of CHANNELS) {
      const { epoch, seq } = store.head(channel);
      assert.match(epoch, /^\S+$/);
      assert.deepEqual([seq, store.oldest(channel)], [0, 1]);
      assert.deepEqual(await store.read(channel, 0, 10), []);
      const empty = { epoch, seq: 0, events: [], latest: [], horizon: 0 };
      assert.deepEqual(restored.channels.get(channel), empty);
    }
    assert.deepEqual(restored.identities, []);
  });

  test("the latest event of each of the last ids of alerts is restored, in order", async (store) => {
    const keys = ["A", "B", "B", "C", "A", "B", "B"];
    await store.commit(keys.map((key, index) => event("risk-alerts", index + 1, key)));
    await store.commit(keys.map((key, index) => event("system-warnings", index + 1, key)));
    const restore = async (parts: Partial<RestoreRequest>) =>
      (await store.restore(everything({ events: 1, ...parts }))).channels;
    assert.deepEqual(seqs((await restore({})).get("risk-alerts")!.latest), [4, 5, 7]);
    assert.deepEqual(seqs((await restore({ recentKeys: 2 })).get("risk-alerts")!.latest), [5, 7]);
    assert.deepEqual(seqs((await restore({ characters: 1 })).get("risk-alerts")!.latest), [7]);
    assert.deepEqual((await restore({})).get("system-warnings")!.latest, []);
  });

  test("and so is that of each of the last ids of every trader", async (store) => {
    const traders = ["1", "1", "2", undefined, "2", "2", "2", "1"];
    const keys = ["A", "B", "A", "A", "C", "D", "D", "B"];
    await store.commit(keys.map((key, index) => {
      const trader = traders[index];
      return event("risk-alerts", index + 1, key, trader === undefined ? {} : { trader });
    }));
    const latest = async (recentKeys: number) =>
      seqs((await store.restore(everything({ recentKeys }))).channels.get("risk-alerts")!.latest);
    assert.deepEqual(await latest(1), [4, 7, 8]);
    assert.deepEqual(await latest(2), [1, 4, 5, 7, 8]);
    assert.deepEqual(await latest(100), [1, 3, 4, 5, 7, 8]);
  });

  test("what was committed is read back whole, in any mixture of channels", async (store) => {
    const odd = event("positions", 2, 'é€😀 \u0000\ud800\\ "quoted"', {
      data: `"${"x".repeat(65_000)}"`,
    });
    const batch = [
      event("positions", 1, "p", { ends: "closed", trader: "\ud800", previousTrader: "\u0000" }),
      event("market-data", 1),
      odd,
      event("market-data", 2, "k", { ends: "removed" }),
    ];
    await store.commit(batch);
    assert.deepEqual(await store.read("positions", 0, 10), [batch[0], odd]);
    assert.deepEqual(await store.read("market-data", 0, 10), [batch[1], batch[3]]);
    assert.deepEqual(store.head("positions").seq, 2);
    assert.deepEqual(store.head("risk-alerts").seq, 0);
  });

  test("a number that does not follow is refused with all of its batch", async (store) => {
    await store.commit(events("positions", 1, 2));
    for (const seq of [2, 4]) {
      const batch = [event("risk-alerts", 1), event("positions", seq)];
      await assert.rejects(store.commit(batch, [identity("risk-alerts", 1)]), /does not follow/);
    }
    assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2]);
    assert.deepEqual([store.head("positions").seq, store.head("risk-alerts").seq], [2, 0]);
    assert.deepEqual((await store.restore(everything())).identities, []);
    await store.commit(events("positions", 3, 3));
  });

  test("a restart finds the newest events that fit, and the newest in any case", async (store) => {
    const data = `"${"x".repeat(98)}"`;
    await store.commit(events("positions", 1, 20, { data }));
    const restore = async (parts: Parameters<typeof everything>[0]) =>
      seqs((await store.restore(everything(parts))).channels.get("positions")!.events);
    assert.deepEqual(await restore({ events: 3 }), [18, 19, 20]);
    assert.deepEqual(await restore({ characters: 250 }), [19, 20]);
    assert.deepEqual(await restore({ characters: 1 }), [20]);
  });

  test("latest states come back in the order of their numbers, tombstones included", async (store) => {
    await store.commit([
      event("positions", 1, "a"),
      event("positions", 2, "b"),
      event("positions", 3, "a", { ends: "closed" }),
      event("positions", 4, "c", { ends: "removed" }),
      event("positions", 5, "b"),
      event("positions", 6, "c"),
      event("system-warnings", 1, "a"),
    ]);
    const { channels } = await store.restore(everything());
    const { latest, horizon } = channels.get("positions")!;
    assert.deepEqual(latest.map(({ seq, key, ends }) => [seq, key, ends]), [
      [3, "a", "closed"],
      [5, "b", undefined],
      [6, "c", undefined],
    ]);
    assert.equal(horizon, 0);
    assert.deepEqual(channels.get("system-warnings")!.latest, []);
  });

  test("latest states are restored whole, however large they are together", async (store) => {
    const data = JSON.stringify("x".repeat(60_000));
    const large = Array.from(
      { length: 60 },
      (_, index) => event("positions", index + 1, `p${index * 7 % 60}`, { data }),
    );
    await store.commit(large);
    const { latest } = (await store.restore(everything())).channels.get("positions")!;
    assert.deepEqual(latest, large);
  });

  test("old tombstones are left out and raise the horizon; live states stay", async (store) => {
    await store.commit([
      event("positions", 1, "old", { ends: "closed", timestamp: STORE_EPOCH - HOUR }),
      event("positions", 2, "live", { timestamp: STORE_EPOCH - 100 * HOUR }),
      event("positions", 3, "young", { ends: "closed", timestamp: STORE_EPOCH - HOUR + 1 }),
    ]);
    for (const later of [0, 1]) {
      const { channels } = await store.restore(everything({ epochMillis: STORE_EPOCH + later }));
      const { latest, horizon } = channels.get("positions")!;
      assert.deepEqual(seqs(latest), later === 0 ? [2, 3] : [2]);
      assert.equal(horizon, later === 0 ? 1 : 3);
    }
  });

  test("retention forgets tombstones only after an hour at least, and raises the horizon", async (store) => {
    await store.commit([
      event("positions", 1, "a", { ends: "closed", timestamp: STORE_EPOCH }),
      event("positions", 2, "b", { ends: "closed", timestamp: STORE_EPOCH + 1 }),
      event("positions", 3, "a", { timestamp: STORE_EPOCH + 2 }),
    ]);
    const known = async () => {
      const all = everything({ tombstoneMillis: 1_000 * HOUR });
      const { latest, horizon } = (await store.restore(all)).channels.get("positions")!;
      return [seqs(latest), horizon];
    };
    await retainAll(store, STORE_EPOCH + HOUR);
    assert.deepEqual(await known(), [[2, 3], 0]);
    await retainAll(store, STORE_EPOCH + 3 * HOUR);
    assert.deepEqual(await known(), [[3], 2]);
  });

  test("identities come back in order until they expire", async (store) => {
    const first = identity("positions", 1, { expiresAt: STORE_EPOCH + 10 });
    const second = identity("risk-alerts", 1, {
      expiresAt: STORE_EPOCH + 20,
      eventId: "\0\\0\ud800",
    });
    await store.commit([event("positions", 1)], [first]);
    await store.commit([event("risk-alerts", 1)], [second]);
    const at = async (millis: number) =>
      (await store.restore(everything({ epochMillis: STORE_EPOCH + millis }))).identities;
    assert.deepEqual(await at(0), [first, second]);
    assert.deepEqual(await at(10), [second]);
    await retainAll(store, STORE_EPOCH + 15);
    assert.deepEqual(await at(0), [second]);
    await retainAll(store, STORE_EPOCH + 20);
    assert.deepEqual(await at(0), []);
  });

  test(
    "the newest events stay; who asks for forgotten ones is told, never given a hole",
    async (store) => {
      await store.commit(events("market-data", 1, 200));
      await store.commit(events("risk-alerts", 1, 2));
      await retainAll(store, STORE_EPOCH);
      const oldest = store.oldest("market-data");
      assert.ok(oldest > 150 && oldest <= 181, `${oldest}`);
      for (let after = 0; after < 200; after++) {
        const read = seqs(await store.read("market-data", after, 1));
        assert.deepEqual(read, after + 1 < oldest ? undefined : [after + 1]);
      }
      assert.deepEqual(seqs(await store.read("risk-alerts", 0, 10)), [1, 2]);
      // What a snapshot needs is not among what retention forgets.
      const { latest } = (await store.restore(everything())).channels.get("market-data")!;
      assert.deepEqual(seqs(latest), [198, 199, 200]);
    },
    20,
  );

  test("a new epoch leaves numbers and events as they are", async (store) => {
    await store.commit(events("positions", 1, 3));
    const before = store.head("positions").epoch;
    await store.rotateEpoch();
    assert.notEqual(store.head("positions").epoch, before);
    assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3]);
    await store.commit(events("positions", 4, 4));
  });

  test("a closed store refuses everything, and may be closed again", async (store) => {
    await store.close();
    await store.close();
    await assert.rejects(store.commit([event("positions", 1)]), /closed/);
    await assert.rejects(store.read("positions", 0, 1), /closed/);
    await assert.rejects(store.retain(STORE_EPOCH), /closed/);
    await assert.rejects(store.restore(everything()), /closed/);
    await assert.rejects(store.rotateEpoch(), /closed/);
  });

  test("property: it agrees with a naive model, over restarts as well", async (_, under) => {
    let store = under.store;
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: batchOf() },
        { weight: 1, arbitrary: fc.constant("reopen" as const) },
        { weight: 1, arbitrary: fc.constant("refused" as const) },
      ),
      { maxLength: 12 },
    );
    const model = new Model(CHANNELS.map((channel) => [channel, []]));
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          for (const step of list) {
            if (step === "reopen") store = await under.reopen?.() ?? store;
            else if (step === "refused") await refuse(store, model);
            else await commit(store, model, step);
          }
          await compare(store, model);
        }),
        { numRuns: propertyRuns },
      );
    } finally {
      await store.close();
    }
  });
}

/** Every event of each channel since the store was made. */
class Model extends Map<Channel, StoredEvent[]> {}

interface Draft {
  readonly channel: Channel;
  readonly key: string;
  readonly ends: "closed" | "removed" | undefined;
}

function batchOf(): fc.Arbitrary<Draft[]> {
  const draft = fc.record({
    channel: fc.constantFrom(...CHANNELS),
    key: fc.constantFrom("a", "b", "c"),
    ends: fc.constantFrom(undefined, undefined, "closed" as const, "removed" as const),
  });
  return fc.array(draft, { maxLength: 20 });
}

async function commit(store: Store, model: Model, drafts: readonly Draft[]): Promise<void> {
  const batch = drafts.map(({ channel, key, ends }) => {
    const kept = model.get(channel)!;
    const next = event(channel, kept.length + 1, key, { ...(ends && { ends }) });
    kept.push(next);
    return next;
  });
  await store.commit(batch);
}

async function refuse(store: Store, model: Model): Promise<void> {
  const next = model.get("positions")!.length + 1;
  const batch = [event("positions", next), event("positions", next + 2)];
  await assert.rejects(store.commit(batch));
}

async function compare(store: Store, model: Model): Promise<void> {
  const { channels } = await store.restore(everything());
  for (const [channel, kept] of model) {
    assert.equal(store.head(channel).seq, kept.length);
    assert.deepEqual(await store.read(channel, 0, AMPLE), kept);
    const last = new Map(kept.map((one) => [one.key, one]));
    const expected = [...last.values()].sort((a, b) => a.seq - b.seq);
    const { events, latest } = channels.get(channel)!;
    assert.deepEqual(events, kept);
    assert.deepEqual(
      latest,
      (CHANNEL_SPECS[channel].snapshot === "latest-per-key") ? expected : [],
    );
  }
}
