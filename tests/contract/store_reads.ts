/**
 * What readers beyond the ring rely on: the edges of a page, and pages while events are forgotten.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Store } from "../../actors/ports.ts";
import { events, retainAll, seqs, STORE_EPOCH } from "../support/store_fixture.ts";
import type { StoreFactory } from "./store.ts";

/** Events that a store under test keeps. */
const RETAINED = 40;

/** The most that a reader asks for at once. */
const PAGE = 256;

/** Registers the tests of this part of the contract for one kind of store. */
export function testStoreReads(name: string, open: StoreFactory): void {
  function test(holds: string, check: (store: Store) => Promise<void>): void {
    Deno.test(`${name}: ${holds}`, async () => {
      const under = await open(RETAINED);
      try {
        await check(under.store);
      } finally {
        await under.store.close();
        under.dispose?.();
      }
    });
  }

  /** Commits many times what is kept and forgets the rest; returns the oldest that is left. */
  async function trim(store: Store): Promise<number> {
    for (let first = 1; first <= RETAINED * 5; first += 10) {
      await store.commit(events("risk-alerts", first, first + 9));
    }
    await retainAll(store, STORE_EPOCH);
    const oldest = store.oldest("risk-alerts");
    assert.ok(oldest > 1 && oldest <= RETAINED * 4 + 1, `${oldest}`);
    return oldest;
  }

  test("a page begins right after the number, or is refused, at every edge", async (store) => {
    const oldest = await trim(store);
    const head = RETAINED * 5;
    const read = async (after: number, limit: number) =>
      seqs(await store.read("risk-alerts", after, limit));
    for (const limit of [0, 1, 2, PAGE]) {
      assert.equal(await read(oldest - 2, limit), undefined, "right below what is kept");
      assert.equal(await read(0, limit), undefined, "the beginning");
      assert.deepEqual(await read(head, limit), [], "at the head");
      assert.deepEqual(await read(head + 1, limit), [], "beyond the head");
      assert.deepEqual(await read(head + 1e9, limit), [], "far beyond the head");
      const most = Math.min(limit, head - oldest + 1);
      const first = Array.from({ length: most }, (_, index) => oldest + index);
      assert.deepEqual(await read(oldest - 1, limit), first, "the oldest");
      assert.deepEqual(await read(head - 1, limit), limit === 0 ? [] : [head], "the last");
    }
  });

  test("an empty channel answers with nothing, whatever is asked", async (store) => {
    for (const [after, limit] of [[0, 0], [0, 1], [0, PAGE], [7, PAGE]] as const) {
      assert.deepEqual(await store.read("risk-alerts", after, limit), []);
    }
  });

  test("readers who share the store with commits and retention never see a hole", async (store) => {
    const reading = { pages: 0, refused: 0, done: false };
    const reader = async (pages: number): Promise<void> => {
      for (let after = 0; !reading.done || after < store.head("risk-alerts").seq;) {
        const headBefore = store.head("risk-alerts").seq;
        const page = seqs(await store.read("risk-alerts", after, 7));
        if (page === undefined) {
          reading.refused += 1;
          after = store.head("risk-alerts").seq; // As a client does that starts over.
          continue;
        }
        assert.deepEqual(page, page.map((_, index) => after + 1 + index));
        assert.ok(page.length > 0 || after >= headBefore, `nothing after ${after}`);
        after += page.length;
        // A slow one finds that what it would read next is forgotten, or is being so.
        if (++reading.pages % pages === 0) await new Promise((resolve) => setTimeout(resolve));
      }
    };
    const readers = [reader(1), reader(2), reader(50)];
    for (let first = 1; first <= 4_000; first += 10) {
      // Not one after the other: a page is asked for while a step is under way.
      await Promise.all([
        store.commit(events("risk-alerts", first, first + 9)),
        store.retain(STORE_EPOCH),
        store.retain(STORE_EPOCH),
      ]);
      if (first % 100 === 1) await new Promise((resolve) => setTimeout(resolve));
    }
    reading.done = true;
    await Promise.all(readers);
    assert.ok(reading.pages > 100 && reading.refused > 0, JSON.stringify(reading));
  });
}
