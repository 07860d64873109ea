import assert from "node:assert/strict";
import { type Durability, rotationReason } from "../../../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { CHANNELS } from "../../../../protocol/channels.ts";
import { events, seqs, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";

const CASES: readonly (readonly [
  durability: Durability,
  clean: boolean,
  before: string,
  now: string,
  reason: string | undefined,
])[] = [
  ["process", true, "a", "b", undefined],
  ["process", true, "", "", undefined],
  ["process", false, "a", "a", undefined],
  ["process", false, "a", "b", "machine_stopped"],
  ["process", false, "", "b", "unknown_boot"],
  ["process", false, "a", "", "unknown_boot"],
  ["process", false, "", "", "unknown_boot"],
  ["power", false, "a", "b", undefined],
  ["power", false, "", "", undefined],
];

for (const [durability, clean, before, now, reason] of CASES) {
  const stop = clean ? "clean" : "unclean";
  const boots = `${before || "unknown"} → ${now || "unknown"}`;
  Deno.test(`${durability}, ${stop} stop, boot ${boots}: ${reason ?? "the epoch goes on"}`, () => {
    assert.equal(rotationReason({ durability, bootId: before, clean }, now), reason);
  });
}

/** Stops a store the way SIGKILL does: what is in its files stays, and nobody tidies up. */
async function kill(from: string, to: string, durability: Durability): Promise<string> {
  const store = await SqliteStore.open(sqliteOptions(from, { durability }));
  await store.commit(events("positions", 1, 3));
  for (const { name } of Deno.readDirSync(from)) {
    Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
  const { epoch } = store.head("positions");
  await store.close();
  return epoch;
}

Deno.test("a killed process keeps its epoch, its numbers and its events", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const epoch = await kill(from.path, to.path, "process");
  const store = await SqliteStore.open(sqliteOptions(to.path));
  assert.deepEqual(store.head("positions"), { epoch, seq: 3 });
  assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3]);
  const { created, clean, rotated } = store.report;
  assert.deepEqual([created, clean, rotated], [false, false, undefined]);
  await store.close();
});

Deno.test("a machine that started anew gives every channel another epoch; numbers go on", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const epoch = await kill(from.path, to.path, "process");
  const options = sqliteOptions(to.path, { bootId: "boot-2" });
  const store = await SqliteStore.open(options);
  assert.equal(store.report.rotated, "machine_stopped");
  const heads = CHANNELS.map((channel) => store.head(channel));
  assert.ok(heads.every((head) => head.epoch !== epoch));
  assert.equal(store.head("positions").seq, 3);
  await store.commit(events("positions", 4, 4));
  await store.close();
  const again = await SqliteStore.open(options);
  assert.equal(again.report.rotated, undefined);
  assert.equal(again.head("positions").epoch, heads[CHANNELS.indexOf("positions")]!.epoch);
  await again.close();
});

Deno.test("power durability keeps its epoch over a power failure, also when the next start has another", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const epoch = await kill(from.path, to.path, "power");
  const store = await SqliteStore.open(sqliteOptions(to.path, { bootId: "boot-2" }));
  assert.equal(store.head("positions").epoch, epoch);
  await store.close();
});

Deno.test("a clean stop keeps the epoch, whatever boots come after", async () => {
  using directory = new TempDir();
  const first = await SqliteStore.open(sqliteOptions(directory.path));
  const { epoch } = first.head("positions");
  await first.close();
  for (const bootId of ["boot-2", "", "boot-3"]) {
    const store = await SqliteStore.open(sqliteOptions(directory.path, { bootId }));
    assert.equal(store.head("positions").epoch, epoch);
    assert.equal(store.report.clean, true);
    await store.close();
  }
});

Deno.test("a new store, and an epoch that was rotated, are like no other, and outlast a restart", async () => {
  using one = new TempDir();
  using other = new TempDir();
  const epochs = new Set<string>();
  for (const { path } of [one, other]) {
    const store = await SqliteStore.open(sqliteOptions(path));
    epochs.add(store.head("positions").epoch);
    await store.rotateEpoch();
    const rotated = store.head("positions").epoch;
    epochs.add(rotated);
    await store.close();
    const again = await SqliteStore.open(sqliteOptions(path));
    assert.equal(again.head("positions").epoch, rotated);
    await again.close();
  }
  assert.equal(epochs.size, 4);
});
