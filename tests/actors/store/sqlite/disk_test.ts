/**
 * Disks that are full or cannot be written. What a machine does not permit is skipped, and said.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Durability } from "../../../../actors/store/sqlite/epoch.ts";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import {
  codeOf,
  events,
  everything,
  identity,
  retainAll,
  seqs,
  sqliteOptions,
  STORE_EPOCH,
  TempDir,
} from "../../../support/store_fixture.ts";
import {
  MAY_FREEZE,
  MAY_MOUNT,
  SmallDisk,
  whileFrozen,
  withoutFreeze,
  withoutMount,
} from "../../../support/small_disk.ts";

/** Size of the small disk. */
const DISK_BYTES = 2 * 1024 * 1024;

/** Fills a store until it refuses; returns the batch that was refused. */
async function fill(store: SqliteStore): Promise<ReturnType<typeof events>> {
  const data = `"${"x".repeat(1_000)}"`;
  for (let seq = 1;; seq += 10) {
    const batch = events("positions", seq, seq + 9, { data });
    const identities = batch.map((one) => identity("positions", one.seq));
    try {
      await store.commit(batch, identities);
    } catch (error) {
      assert.equal((error as { code: string }).code, "full", String(error));
      assert.match(String(error), /the disk is full; nothing is stored until there is room/);
      return batch;
    }
  }
}

for (const durability of ["process", "power"] satisfies Durability[]) {
  Deno.test({
    name:
      `${durability}: a full disk refuses whole batches; with room again the same store goes on` +
      withoutMount,
    ignore: !MAY_MOUNT,
    fn: async () => {
      using disk = new SmallDisk(DISK_BYTES);
      const { path } = disk;
      disk.occupy(DISK_BYTES / 2);
      const store = await SqliteStore.open(sqliteOptions(path, { durability }));
      const refused = await fill(store);
      const stored = refused[0]!.seq - 1;
      assert.ok(stored > 0);
      assert.equal(store.head("positions").seq, stored);
      assert.equal(await codeOf(store.commit(refused)), "full");
      assert.equal(seqs(await store.read("positions", 0, 10_000))!.length, stored);
      const { identities } = await store.restore(everything());
      assert.equal(identities.length, stored);

      disk.free();
      await store.commit(refused);
      await store.commit(events("risk-alerts", 1, 1));
      await store.close();
      const again = await SqliteStore.open(sqliteOptions(path, { durability }));
      const kept = seqs(await again.read("positions", 0, 10_000))!;
      assert.deepEqual(kept, kept.map((_, index) => index + 1));
      assert.equal(kept.length, stored + 10);
      await again.close();
    },
  });
}

Deno.test({
  name: `a store on a full disk can still be opened, read and closed${withoutMount}`,
  ignore: !MAY_MOUNT,
  fn: async () => {
    using disk = new SmallDisk(DISK_BYTES);
    const { path } = disk;
    const store = await SqliteStore.open(sqliteOptions(path));
    const refused = await fill(store);
    await store.close().catch(() => {});
    // What the closing of the log freed may just be enough for the next start, or not.
    const again = await SqliteStore.open(sqliteOptions(path)).catch((error) => error);
    if (again instanceof SqliteStore) {
      assert.equal(again.head("positions").seq, refused[0]!.seq - 1);
      await again.close().catch(() => {});
    } else {
      assert.equal(again.code, "full", String(again));
    }
  },
});

Deno.test({
  name: `files that became immutable refuse a commit, and take it when they no longer are` +
    withoutFreeze,
  ignore: !MAY_FREEZE,
  fn: async () => {
    for (const durability of ["process", "power"] as const) {
      using directory = new TempDir();
      const store = await SqliteStore.open(sqliteOptions(directory.path, { durability }));
      await store.commit(events("positions", 1, 5));
      const files = [STORE_FILE, `${STORE_FILE}-wal`].map((name) => `${directory.path}/${name}`);
      await whileFrozen(files, async () => {
        const code = await codeOf(store.commit(events("positions", 6, 9)));
        assert.ok(code === "io" || code === "readonly", String(code));
        assert.equal(store.head("positions").seq, 5);
        assert.equal(seqs(await store.read("positions", 0, 99))!.length, 5);
      });
      await store.commit(events("positions", 6, 9));
      await store.close();
      const again = await SqliteStore.open(sqliteOptions(directory.path, { durability }));
      assert.equal(seqs(await again.read("positions", 0, 99))!.length, 9);
      await again.close();
    }
  },
});

Deno.test({
  name: `a directory that cannot be written stops the start with a clear error${withoutFreeze}`,
  ignore: !MAY_FREEZE,
  fn: async () => {
    using directory = new TempDir();
    await whileFrozen([directory.path], async () => {
      const options = sqliteOptions(directory.path);
      await assert.rejects(SqliteStore.open(options), {
        name: "StoreError",
        code: "io",
        message: /telemetry\.db cannot be opened, read or written .* rights of the directory/,
      });
    });
    const store = await SqliteStore.open(sqliteOptions(directory.path));
    await store.close();
    const file = `${directory.path}/${STORE_FILE}`;
    await whileFrozen([file], async () => {
      const code = await codeOf(SqliteStore.open(sqliteOptions(directory.path)));
      assert.ok(code === "io" || code === "readonly", String(code));
    });
  },
});

Deno.test("retention frees room that later commits use", async () => {
  using directory = new TempDir();
  const retention = { events: 1_000, millis: 1e12 };
  const sizes: number[] = [];
  for (let round = 0; round < 6; round++) {
    const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
    for (let batch = 0; batch < 10; batch++) {
      const first = round * 2_000 + batch * 200 + 1;
      await store.commit(events("positions", first, first + 199));
    }
    await retainAll(store, STORE_EPOCH);
    assert.equal(store.oldest("positions"), round * 2_000 + 1_001);
    await store.close();
    sizes.push(Deno.statSync(`${directory.path}/${STORE_FILE}`).size);
  }
  assert.ok(sizes.at(-1)! <= sizes[1]! * 1.2, sizes.join());
});
