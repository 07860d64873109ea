/**
 * A backup is a store of one moment, whatever is committed, forgotten or killed meanwhile.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { StoredEvent } from "../../../../actors/ports.ts";
import type { Backup, BackupPart } from "../../../../actors/store/sqlite/backup.ts";
import { backupPath, STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { verifyBackup } from "../../../../actors/store/sqlite/verify_backup.ts";
import { type Channel, CHANNELS } from "../../../../protocol/channels.ts";
import { openElsewhere } from "../../../support/second_process.ts";
import {
  MAY_FREEZE,
  MAY_MOUNT,
  SmallDisk,
  whileFrozen,
  withoutFreeze,
  withoutMount,
} from "../../../support/small_disk.ts";
import {
  codeOf,
  event,
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

const NO_PAUSE = () => Promise.resolve();

/** Reads a backup to its end and writes it as the store of a directory. */
async function restore(
  backup: Backup,
  directory: string,
): Promise<Extract<BackupPart, { kind: "file" }>> {
  const path = `${directory}/${STORE_FILE}`;
  using file = Deno.openSync(path, { createNew: true, write: true });
  let found: Extract<BackupPart, { kind: "file" }> | undefined;
  for await (const part of backup.parts()) {
    if (part.kind === "file") found = part;
    if (part.kind === "bytes") file.writeSync(part.bytes);
  }
  verifyBackup(path);
  assert.equal(Deno.statSync(path).size, found!.bytes);
  return found!;
}

/** What a store brings back, and its heads. */
async function contentOf(store: SqliteStore) {
  const { channels, identities } = await store.restore(everything());
  const heads = CHANNELS.map((channel) => [store.head(channel), store.oldest(channel)]);
  return { channels, identities, heads };
}

/** The files of a directory. */
function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

Deno.test("a backup restores to the same events, states, identities, horizons and epochs", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const retention = { events: 800, millis: 1e12 };
  const store = await SqliteStore.open(sqliteOptions(from.path, { retention }));
  const batch = CHANNELS.flatMap((channel) => events(channel, 1, 1_500));
  await store.commit(batch, batch.map(({ channel, seq }) => identity(channel, seq)));
  await store.commit([event("positions", 1_501, 'é€😀 \u0000 "q"', { ends: "closed" })]);
  await store.commit([event("positions", 1_502, "gone", { ends: "removed", timestamp: 1 })]);
  await retainAll(store, STORE_EPOCH);
  const expected = await contentOf(store);
  const backup = await store.backup(NO_PAUSE);
  assert.deepEqual((await restore(backup, to.path)).damaged, 0);
  assert.deepEqual(
    [...backup.extents].map(([, { epoch, seq, oldest }]) => [{ epoch, seq }, oldest]),
    expected.heads,
  );
  assert.deepEqual(namesIn(from.path), [STORE_FILE, `${STORE_FILE}-wal`]);
  await store.close();
  const copy = await SqliteStore.open(sqliteOptions(to.path));
  assert.equal(copy.report.clean, true);
  assert.equal(copy.report.rotated, undefined);
  assert.deepEqual(await contentOf(copy), expected);
  await copy.commit(events("positions", 1_503, 1_503));
  await copy.close();
});

/** A write while a backup is made: a batch of keys in some channel, or a step of retention. */
type Write = { readonly channel: Channel; readonly keys: readonly string[] } | "retain";

const keyed: Channel[] = ["positions", "market-data", "risk-alerts"];
/** Keys of a channel before the backup: copying them takes several steps. */
const KEYS = 1_200;

const key = fc.oneof(
  fc.nat(KEYS - 1).map((number) => `k${number}`),
  fc.constantFrom("a", "z", "ß", "😀", "\ud800", '"'),
);
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ channel: fc.constantFrom(...keyed), keys: fc.array(key, { minLength: 1 }) }),
  fc.constant("retain" as const),
);

Deno.test("property: a backup is of the moment at which it began, whatever is written meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(write, { maxLength: 8 }),
      fc.array(write, { minLength: 5, maxLength: 20 }),
      async (before, during) => {
        using from = new TempDir();
        using to = new TempDir();
        const retention = { events: KEYS - 100, millis: 1e12 };
        const store = await SqliteStore.open(sqliteOptions(from.path, { retention }));
        const base = Array.from({ length: KEYS }, (_, number) => `k${number}`);
        for (const channel of keyed) await apply(store, { channel, keys: base });
        for (const one of before) await apply(store, one);
        const expected = await contentOf(store);
        const left = [...during];
        // A pause is where commits go between the steps.
        const backup = await store.backup(async () => {
          const next = left.shift();
          if (next !== undefined) await apply(store, next);
        });
        for (const one of left.splice(0, 2)) await apply(store, one);
        await restore(backup, to.path);
        for (const one of left) await apply(store, one);
        await store.close();
        const copy = await SqliteStore.open(sqliteOptions(to.path));
        assert.deepEqual(await contentOf(copy), expected);
        await copy.close();
      },
    ),
    { numRuns: 8 },
  );
});

async function apply(store: SqliteStore, write: Write): Promise<void> {
  if (write === "retain") {
    await store.retain(STORE_EPOCH + HOUR);
    return;
  }
  const { seq } = store.head(write.channel);
  const batch = write.keys.map((key, index): StoredEvent =>
    event(write.channel, seq + 1 + index, key, index % 3 === 2 ? { ends: "closed" } : {})
  );
  await store.commit(batch, batch.map((one) => identity(one.channel, one.seq)));
}

Deno.test("retention rests while rows are copied, and catches up afterwards", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const retention = { events: 100, millis: 1e12 };
  const store = await SqliteStore.open(sqliteOptions(from.path, { retention }));
  await store.commit(events("positions", 1, 3_000));
  let during = 0;
  const backup = await store.backup(async () => {
    during = Math.max(during, await retainAll(store, STORE_EPOCH));
  });
  const parts = backup.parts();
  await parts.next();
  assert.equal(await store.retain(STORE_EPOCH), false);
  assert.equal(store.oldest("positions"), 1);
  await parts.return();
  await retainAll(store, STORE_EPOCH);
  assert.equal(store.oldest("positions"), 2_901);
  await restore(await store.backup(NO_PAUSE), to.path);
  await store.close();
});

Deno.test("one backup at a time; one that is given up makes room for the next", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(from.path));
  await store.commit(events("positions", 1, 3_000));
  const first = await store.backup(NO_PAUSE);
  assert.equal(await codeOf(store.backup(NO_PAUSE)), "busy");
  const parts = first.parts();
  await parts.next();
  assert.equal(await codeOf(store.backup(NO_PAUSE)), "busy");
  await parts.return();
  assert.deepEqual(namesIn(from.path), [STORE_FILE, `${STORE_FILE}-wal`]);
  const second = await store.backup(NO_PAUSE);
  await second.end();
  await restore(await store.backup(NO_PAUSE), to.path);
  await store.close();
});

Deno.test("a backup leaves the lock on the store, and its own file to its owner alone", async () => {
  using from = new TempDir();
  using to = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(from.path));
  const path = `${from.path}/${STORE_FILE}`;
  await store.commit(events("positions", 1, 2_000));
  const parts = (await store.backup(NO_PAUSE)).parts();
  await parts.next();
  assert.equal(Deno.statSync(backupPath(path)).mode! & 0o777, 0o600);
  assert.equal(await openElsewhere(path), "database is locked");
  await parts.return();
  assert.equal(await openElsewhere(path), "database is locked");
  await restore(await store.backup(NO_PAUSE), to.path);
  assert.equal(await openElsewhere(path), "database is locked");
  await store.close();
  assert.equal(await openElsewhere(path), "opened");
});

Deno.test("a store that is closed during a backup leaves nothing of it", async () => {
  using from = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(from.path));
  await store.commit(events("positions", 1, 3_000));
  const parts = (await store.backup(NO_PAUSE)).parts();
  await parts.next();
  await store.close();
  await assert.rejects(async () => {
    while (!(await parts.next()).done);
  });
  assert.deepEqual(namesIn(from.path), [STORE_FILE]);
});

Deno.test("what a killed backup left is removed by the next start", async () => {
  using from = new TempDir();
  using killed = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(from.path));
  await store.commit(events("positions", 1, 3_000));
  const parts = (await store.backup(NO_PAUSE)).parts();
  await parts.next();
  for (const name of namesIn(from.path)) {
    Deno.copyFileSync(`${from.path}/${name}`, `${killed.path}/${name}`);
  }
  assert.ok(namesIn(killed.path).includes(`${STORE_FILE}.backup`));
  await parts.return();
  await store.close();
  const again = await SqliteStore.open(sqliteOptions(killed.path));
  assert.equal(again.head("positions").seq, 3_000);
  assert.deepEqual(namesIn(killed.path), [STORE_FILE, `${STORE_FILE}-wal`]);
  await again.close();
});

Deno.test("what was acknowledged can be saved from a store whose files were removed", async () => {
  using root = new TempDir();
  using to = new TempDir();
  const directory = `${root.path}/data`;
  const store = await SqliteStore.open(sqliteOptions(directory));
  const batch = events("positions", 1, 700);
  await store.commit(batch, batch.map(({ seq }) => identity("positions", seq)));
  const expected = await contentOf(store);
  Deno.removeSync(directory, { recursive: true });
  await restore(await store.backup(NO_PAUSE), to.path);
  assert.equal(await codeOf(store.close()), "replaced");
  const copy = await SqliteStore.open(sqliteOptions(to.path));
  assert.deepEqual(await contentOf(copy), expected);
  await copy.close();
});

Deno.test({
  name: `a disk without room for the copy refuses the backup before it begins${withoutMount}`,
  ignore: !MAY_MOUNT,
  fn: async () => {
    using disk = new SmallDisk(80 * 1_048_576);
    const store = await SqliteStore.open(sqliteOptions(disk.path));
    const data = `"${"x".repeat(1_000)}"`;
    await store.commit(events("positions", 1, 2_000, { data }));
    disk.occupy(20 * 1_048_576);
    await assert.rejects(store.backup(NO_PAUSE), {
      code: "full",
      message: /needs \d+ MiB and 64 MiB to spare; \d+ MiB are free: make room on that disk/,
    });
    assert.deepEqual(namesIn(disk.path), ["ballast", STORE_FILE, `${STORE_FILE}-wal`]);
    await store.commit(events("positions", 2_001, 2_001));
    await store.close();
  },
});

Deno.test({
  name: `a disk that fills up ends the backup, not the commits${withoutMount}`,
  ignore: !MAY_MOUNT,
  fn: async () => {
    using disk = new SmallDisk(128 * 1_048_576);
    const store = await SqliteStore.open(sqliteOptions(disk.path));
    const data = `"${"x".repeat(1_000)}"`;
    for (let first = 1; first < 20_000; first += 1_000) {
      await store.commit(events("positions", first, first + 999, { data }));
    }
    const backup = await store.backup(NO_PAUSE);
    disk.occupy(88 * 1_048_576);
    await assert.rejects(async () => {
      for await (const _ of backup.parts());
    }, { code: "full" });
    assert.deepEqual(namesIn(disk.path), ["ballast", STORE_FILE, `${STORE_FILE}-wal`]);
    await store.commit(events("positions", 20_001, 20_001));
    assert.deepEqual(seqs(await store.read("positions", 19_999, 9)), [20_000, 20_001]);
    await store.close();
  },
});

Deno.test({
  name: `a directory that takes no new file refuses the backup${withoutFreeze}`,
  ignore: !MAY_FREEZE,
  fn: async () => {
    using directory = new TempDir();
    const store = await SqliteStore.open(sqliteOptions(directory.path));
    await whileFrozen([directory.path], async () => {
      assert.equal(await codeOf(store.backup(NO_PAUSE)), "io");
    });
    await store.commit(events("positions", 1, 1));
    await store.close();
  },
});
