import assert from "node:assert/strict";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

/** How many of the newest events can be read. */
async function held(store: MemoryStore): Promise<number> {
  const { seq } = store.head("market-data");
  let count = 0;
  while (count < seq && await store.read("market-data", seq - count - 1, 1) !== undefined) {
    count += 1;
  }
  return count;
}

Deno.test("every start has an epoch of its own, the same on every channel", () => {
  const [one, other] = [new MemoryStore(10), new MemoryStore(10)];
  const epochs = new Set(CHANNELS.map((channel) => one.head(channel).epoch));
  assert.equal(epochs.size, 1);
  assert.match([...epochs][0]!, /^[0-9a-f]{12}$/);
  assert.notEqual(one.head("positions").epoch, other.head("positions").epoch);
});

Deno.test("an epoch may be given", () => {
  assert.equal(new MemoryStore(10, "e7").head("positions").epoch, "e7");
});

Deno.test("a channel holds its capacity at least, once it was reached, and never twice as much", async () => {
  for (const capacity of [1, 2, 7]) {
    const store = new MemoryStore(capacity);
    for (let seq = 1; seq <= capacity * 5; seq++) {
      await store.commit([storedEvent("market-data", seq, "BTC")]);
      assert.equal(store.head("market-data").seq, seq);
      const count = await held(store);
      assert.ok(count >= Math.min(seq, capacity), `${count} of ${seq} held`);
      assert.ok(count < capacity * 2, `${count} of ${seq} held`);
    }
  }
});

Deno.test("a batch larger than the capacity leaves the newest of it", async () => {
  const store = new MemoryStore(4);
  await store.commit(
    Array.from({ length: 100 }, (_, index) => storedEvent("market-data", index + 1, "BTC")),
  );
  assert.equal(store.head("market-data").seq, 100);
  const count = await held(store);
  assert.ok(count >= 4 && count < 8);
});
