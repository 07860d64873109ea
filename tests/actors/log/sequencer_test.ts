import assert from "node:assert/strict";
import { Sequencer } from "../../../actors/log/sequencer.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

Deno.test("numbers are contiguous from 1, for each channel on its own", () => {
  const sequencer = new Sequencer(new MemoryStore(10));
  assert.deepEqual([1, 2, 3].map(() => sequencer.next("positions")), [1, 2, 3]);
  assert.equal(sequencer.next("market-data"), 1);
  assert.equal(sequencer.next("positions"), 4);
});

Deno.test("numbers continue the head of the store", async () => {
  const store = new MemoryStore(10);
  await store.commit([storedEvent("positions", 1, "p"), storedEvent("positions", 2, "p")]);
  const sequencer = new Sequencer(store);
  assert.equal(sequencer.next("positions"), 3);
  assert.equal(sequencer.next("risk-alerts"), 1);
});

Deno.test("rewinding takes back what the store does not have, and nothing else", async () => {
  const store = new MemoryStore(10);
  const sequencer = new Sequencer(store);
  await store.commit([storedEvent("positions", sequencer.next("positions"), "p")]);
  for (let lost = 0; lost < 3; lost++) sequencer.next("positions");
  sequencer.next("market-data");
  sequencer.rewind();
  assert.equal(sequencer.next("positions"), 2);
  assert.equal(sequencer.next("market-data"), 1);
});
