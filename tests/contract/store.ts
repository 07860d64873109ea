/**
 * What every store must do, whatever it is made of: number, keep, read, forget.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Store, StoredEvent } from "../../actors/ports.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import { retainAll } from "../support/store_fixture.ts";
import { storedEvent } from "../support/stream_fixture.ts";

/** A store under test. */
export interface StoreUnderTest {
  /** The store, open and empty. */
  readonly store: Store;
  /**
   * Closes the store and opens what it kept; needed for durable stores alone.
   *
   * @returns The store in its next life; the one before must not be used any more.
   */
  readonly reopen?: () => Promise<Store>;
  /** Removes what the test left behind. The store was closed. */
  readonly dispose?: () => void;
}

/**
 * Opens an empty store that keeps at least the newest `retained` events of each channel, and after
 * its retention far fewer than ten times as many.
 */
export type StoreFactory = (retained: number) => StoreUnderTest | Promise<StoreUnderTest>;

/** More than any test commits, where nothing shall be trimmed. */
const AMPLE = 10_000;

/** Events of one channel with these numbers. */
function events(channel: Channel, first: number, last: number): StoredEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const seq = first + index;
    return storedEvent(channel, seq, `k${seq % 3}`);
  });
}

const seqs = (list: readonly StoredEvent[] | undefined) => list?.map(({ seq }) => seq);

/**
 * Registers the tests of a store's contract.
 *
 * @param durable Whether it keeps events beyond its own life.
 */
export function testStoreContract(name: string, durable: boolean, open: StoreFactory): void {
  const test = (
    holds: string,
    check: (store: Store, under: StoreUnderTest) => Promise<void> | void,
    retained = AMPLE,
  ) =>
    Deno.test(`${name}: ${holds}`, async () => {
      const under = await open(retained);
      let store = under.store;
      const reopen = under.reopen && (async () => store = await under.reopen!());
      try {
        await check(store, { ...under, ...(reopen && { reopen }) });
      } finally {
        await store.close();
        under.dispose?.();
      }
    });

  test("an empty store begins every sequence at 0, and has nothing to read", async (store) => {
    for (const channel of CHANNELS) {
      assert.equal(store.head(channel).seq, 0);
      assert.notEqual(store.head(channel).epoch, "");
      assert.deepEqual(await store.read(channel, 0, 10), []);
    }
  });

  test("what was committed is read back whole", async (store) => {
    const batch: StoredEvent[] = [
      storedEvent("positions", 1, "p"),
      storedEvent("positions", 2, "p", { ends: "closed" }),
      storedEvent("positions", 3, 'é€😀 \u0000 "quoted"', { fill: 20_000 }),
      storedEvent("positions", 4, "p", { ends: "removed" }),
    ];
    await store.commit(batch);
    assert.deepEqual(await store.read("positions", 0, 10), batch);
  });

  test("the head follows each commit, and each channel has its own", async (store) => {
    await store.commit([...events("positions", 1, 2), ...events("market-data", 1, 5)]);
    await store.commit(events("positions", 3, 3));
    assert.equal(store.head("positions").seq, 3);
    assert.equal(store.head("market-data").seq, 5);
    assert.equal(store.head("risk-alerts").seq, 0);
    assert.deepEqual(seqs(await store.read("positions", 0, 10)), [1, 2, 3]);
    assert.deepEqual(seqs(await store.read("market-data", 0, 10)), [1, 2, 3, 4, 5]);
    assert.deepEqual(await store.read("risk-alerts", 0, 10), []);
  });

  test("channels may be mixed within a batch", async (store) => {
    const [p1, p2] = events("positions", 1, 2) as [StoredEvent, StoredEvent];
    const [m1, m2] = events("market-data", 1, 2) as [StoredEvent, StoredEvent];
    await store.commit([m1, p1, m2, p2]);
    assert.deepEqual(await store.read("positions", 0, 10), [p1, p2]);
    assert.deepEqual(await store.read("market-data", 0, 10), [m1, m2]);
  });

  test("an empty batch changes nothing", async (store) => {
    await store.commit(events("positions", 1, 1));
    await store.commit([]);
    assert.equal(store.head("positions").seq, 1);
  });

  test("the epoch does not change while the store is open", async (store) => {
    const before = CHANNELS.map((channel) => store.head(channel).epoch);
    await store.commit(CHANNELS.flatMap((channel) => events(channel, 1, 3)));
    assert.deepEqual(CHANNELS.map((channel) => store.head(channel).epoch), before);
  });

  test("reading starts after a number and ends at the limit or the head", async (store) => {
    await store.commit(events("trader-status", 1, 10));
    assert.deepEqual(seqs(await store.read("trader-status", 3, 4)), [4, 5, 6, 7]);
    assert.deepEqual(seqs(await store.read("trader-status", 8, 4)), [9, 10]);
    assert.deepEqual(await store.read("trader-status", 3, 0), []);
  });

  test("nothing comes after the head, nor after numbers that are not given out yet", async (store) => {
    await store.commit(events("risk-alerts", 1, 3));
    assert.deepEqual(await store.read("risk-alerts", 3, 10), []);
    assert.deepEqual(await store.read("risk-alerts", 50, 10), []);
  });

  test("what was read does not change when more is committed", async (store) => {
    await store.commit(events("risk-alerts", 1, 2));
    const read = await store.read("risk-alerts", 0, 10);
    await store.commit(events("risk-alerts", 3, 4));
    assert.deepEqual(seqs(read), [1, 2]);
  });

  test(
    "the newest events stay; who asks for trimmed ones is told, and never given a hole",
    async (store) => {
      const retained = 20;
      const head = retained * 10;
      for (let seq = 1; seq <= head; seq += 5) {
        await store.commit(
          events("market-data", seq, seq + 4),
        );
      }
      await retainAll(store, Date.now());
      assert.equal(store.head("market-data").seq, head);
      for (let after = head - retained; after <= head; after++) {
        assert.equal((await store.read("market-data", after, head))?.length, head - after);
      }
      assert.equal(await store.read("market-data", 0, 10), undefined);
      let gone = true;
      for (let after = 0; after <= head; after++) {
        const read = await store.read("market-data", after, head);
        assert.ok(read === undefined || seqs(read)![0] === after + 1 || after === head);
        assert.ok(gone || read !== undefined, "trimmed behind what is kept");
        gone = read === undefined;
      }
    },
    20,
  );

  test("one channel is trimmed without regard to the others", async (store) => {
    await store.commit(events("risk-alerts", 1, 2));
    for (let seq = 1; seq <= 50; seq++) await store.commit(events("market-data", seq, seq));
    await retainAll(store, Date.now());
    assert.deepEqual(seqs(await store.read("risk-alerts", 0, 10)), [1, 2]);
  }, 5);

  test("property: reading in pages of any size finds every event once and in order", async (store) => {
    const batches = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 30 }), async (sizes, limit) => {
        const start = store.head("positions").seq;
        let head = start;
        for (const size of sizes) {
          await store.commit(events("positions", head + 1, head + size));
          head += size;
        }
        const found: number[] = [];
        for (let after = start;;) {
          const page = seqs(await store.read("positions", after, limit))!;
          assert.ok(page.length <= limit);
          if (page.length === 0) break;
          found.push(...page);
          after = page.at(-1)!;
        }
        assert.deepEqual(
          found,
          Array.from({ length: head - start }, (_, index) => start + index + 1),
        );
      }),
      { numRuns: 20 },
    );
  });

  if (!durable) return;

  test("the next life of the store goes on where the last one ended", async (store, { reopen }) => {
    await store.commit([...events("positions", 1, 3), ...events("risk-alerts", 1, 1)]);
    const heads = CHANNELS.map((channel) => store.head(channel));
    const kept = await store.read("positions", 0, 10);
    const next = await reopen!();
    assert.deepEqual(CHANNELS.map((channel) => next.head(channel)), heads);
    assert.deepEqual(await next.read("positions", 0, 10), kept);
    await next.commit(events("positions", 4, 4));
    assert.deepEqual(seqs(await next.read("positions", 2, 10)), [3, 4]);
  });
}
