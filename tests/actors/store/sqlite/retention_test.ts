import assert from "node:assert/strict";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { MAX_STEP_ROWS } from "../../../../actors/store/sqlite/retention.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import {
  events,
  everything,
  HOUR,
  identity,
  retainAll,
  seqs,
  sqliteOptions,
  STORE_EPOCH,
  TempDir,
} from "../../../support/store_fixture.ts";

Deno.test("events are forgotten by age, but the newest never", async () => {
  using directory = new TempDir();
  const retention = { events: 1_000_000, millis: HOUR };
  const options = sqliteOptions(directory.path, { retention });
  const store = await SqliteStore.open(options);
  await store.commit(events("market-data", 1, 1_200, { timestamp: STORE_EPOCH }));
  await store.commit(events("market-data", 1_201, 1_300, { timestamp: STORE_EPOCH + HOUR }));
  await retainAll(store, STORE_EPOCH + HOUR);
  assert.equal(store.oldest("market-data"), 1);
  await retainAll(store, STORE_EPOCH + HOUR + 1);
  assert.equal(store.oldest("market-data"), 1_201);
  await retainAll(store, STORE_EPOCH + 100 * HOUR);
  assert.equal(store.oldest("market-data"), 1_300);
  await store.close();

  const again = await SqliteStore.open(options);
  assert.equal(again.head("market-data").seq, 1_300);
  assert.equal(again.oldest("market-data"), 1_300);
  const { events: ring, latest } = (await again.restore(everything())).channels.get("market-data")!;
  assert.deepEqual(seqs(ring), [1_300]);
  assert.deepEqual(seqs(latest), [1_298, 1_299, 1_300]);
  await again.commit(events("market-data", 1_301, 1_301));
  await again.close();
});

Deno.test(`a step removes at most ${MAX_STEP_ROWS} rows, and channels take turns`, async () => {
  using directory = new TempDir();
  const retention = { events: 1_000, millis: 1e12 };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  const all = ["market-data", "positions"] as const;
  for (const channel of all) await store.commit(events(channel, 1, 5_000));
  const oldest = () => all.map((channel) => store.oldest(channel));
  let before = oldest();
  let last = -1;
  while (await store.retain(STORE_EPOCH)) {
    const removed = oldest().map((now, index) => now - before[index]!);
    assert.ok(removed[0]! + removed[1]! <= MAX_STEP_ROWS, removed.join());
    // A step is smaller on a machine that is busy, so turns are compared and not rows.
    const turn = removed[0]! > 0 ? 0 : 1;
    if (before.every((seq) => seq < 4_001)) assert.notEqual(turn, last, before.join());
    [before, last] = [oldest(), turn];
  }
  assert.deepEqual(before, [4_001, 4_001]);
  await store.close();
});

Deno.test("events dated in the future are as old as what follows them, and block nothing", async () => {
  using directory = new TempDir();
  const retention = { events: 1_000_000, millis: HOUR };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  await store.commit(events("positions", 1, 10, { timestamp: STORE_EPOCH + 5 * HOUR }));
  await store.commit(events("positions", 11, 20, { timestamp: STORE_EPOCH }));
  await retainAll(store, STORE_EPOCH + HOUR / 2);
  assert.equal(store.oldest("positions"), 1, "nothing of it is old");
  await retainAll(store, STORE_EPOCH + 2 * HOUR);
  assert.equal(store.oldest("positions"), 20);
  await store.close();
});

Deno.test("under load retention keeps up with what comes in, in steps of a few ms", async () => {
  using directory = new TempDir();
  const retention = { events: 10_000, millis: 1e12 };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  const data = JSON.stringify({ fill: "x".repeat(250) });
  const took: number[] = [];
  const expiresAt = STORE_EPOCH - 1;
  for (let first = 1; first <= 60_000; first += 500) {
    const batch = events("market-data", first, first + 499, { data });
    const identities = batch.map(({ seq }) => identity("market-data", seq, { expiresAt }));
    await store.commit(batch, identities);
    // One step for events and one for identities, as many rows as came in.
    for (let step = 0; step < 3; step++) {
      const startedAt = performance.now();
      await store.retain(STORE_EPOCH);
      took.push(performance.now() - startedAt);
    }
  }
  const kept = 60_000 - store.oldest("market-data") + 1;
  assert.ok(kept <= 20_000, `${kept} events are kept`);
  took.sort((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)]!;
  const p99 = took[Math.floor(took.length * 0.99)]!;
  // deno-lint-ignore no-console
  console.info(
    `steps: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)}, max ${
      took.at(-1)!.toFixed(2)
    }; ${Deno.statSync(`${directory.path}/${STORE_FILE}`).size >> 20} MiB`,
  );
  // The thread of the store waits for the disk like anybody else; the median does not.
  assert.ok(median < 20, `median ${median} ms`);
  await store.close();
});
