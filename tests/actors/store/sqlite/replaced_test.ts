/**
 * The files of a store are removed or exchanged while it is open. Whatever was acknowledged until it
 * is noticed is in the file that was opened; nothing is acknowledged afterwards, and no number is
 * given out twice.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { logPath } from "../../../../actors/store/sqlite/file_guard.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { openElsewhere } from "../../../support/second_process.ts";
import {
  codeOf,
  events,
  seqs,
  sqliteOptions,
  STORE_EPOCH,
  TempDir,
} from "../../../support/store_fixture.ts";
import { waitUntil } from "../../../support/wait.ts";

/** A directory with a store of three events, its closed copy, and a hard link to the live file. */
async function prepare(root: string) {
  const [data, old, link] = ["data", "old", "link"].map((name) => `${root}/${name}`) as [
    string,
    string,
    string,
  ];
  const first = await SqliteStore.open(sqliteOptions(data));
  await first.commit(events("positions", 1, 3));
  await first.close();
  for (const directory of [old, link]) Deno.mkdirSync(directory);
  Deno.copyFileSync(`${data}/${STORE_FILE}`, `${old}/${STORE_FILE}`);
  const store = await SqliteStore.open(sqliteOptions(data));
  // A second name for the live file, by which the lock on it can be tried.
  Deno.linkSync(`${data}/${STORE_FILE}`, `${link}/${STORE_FILE}`);
  await store.commit(events("positions", 4, 6));
  return { data, old, link, store };
}

type Paths = Readonly<Record<"data" | "old", string>>;

/** What operators do, and the numbers of `positions` that the next start finds. */
const OPERATIONS: Readonly<Record<string, readonly [(paths: Paths) => void, number]>> = {
  "rm telemetry.db*": [({ data }) => {
    for (const { name } of [...Deno.readDirSync(data)]) Deno.removeSync(`${data}/${name}`);
  }, 0],
  "rm telemetry.db": [({ data }) => Deno.removeSync(`${data}/${STORE_FILE}`), 0],
  "rm telemetry.db-wal": [({ data }) => Deno.removeSync(logPath(`${data}/${STORE_FILE}`)), 6],
  "mv old.db telemetry.db": [
    ({ data, old }) => Deno.renameSync(`${old}/${STORE_FILE}`, `${data}/${STORE_FILE}`),
    3,
  ],
  "cp old.db new; mv new telemetry.db": [({ data, old }) => {
    Deno.copyFileSync(`${old}/${STORE_FILE}`, `${data}/new`);
    Deno.renameSync(`${data}/new`, `${data}/${STORE_FILE}`);
  }, 3],
  "mv telemetry.db elsewhere": [
    ({ data, old }) => Deno.renameSync(`${data}/${STORE_FILE}`, `${old}/moved.db`),
    0,
  ],
  "rm -r data": [({ data }) => Deno.removeSync(data, { recursive: true }), 0],
  "mv data elsewhere": [({ data, old }) => Deno.renameSync(data, `${old}/moved`), 0],
};

for (const [name, [operate, kept]] of Object.entries(OPERATIONS)) {
  for (const noticed of [true, false]) {
    const when = noticed ? "at the next commit" : "at the stop, without a commit";
    Deno.test(`${name} is noticed ${when}: nothing more is stored, and the next start has a new epoch`, async () => {
      using root = new TempDir();
      const { data, old, link, store } = await prepare(root.path);
      const { epoch } = store.head("positions");
      operate({ data, old });
      if (noticed) {
        await noticing(store);
        for (let time = 0; time < 2; time++) {
          assert.equal(await codeOf(store.commit(events("positions", 7, 7))), "replaced");
          assert.equal(await codeOf(store.retain(STORE_EPOCH)), "replaced");
        }
        assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3, 4, 5, 6]);
        assert.equal(await openElsewhere(`${link}/${STORE_FILE}`), "database is locked");
      }
      assert.equal(await codeOf(store.close()), "replaced");

      // All that was acknowledged is in the file that was opened.
      const saved = await SqliteStore.open(sqliteOptions(link));
      assert.deepEqual(seqs(await saved.read("positions", 0, 9)), [1, 2, 3, 4, 5, 6]);
      await saved.close();

      const epochs = new Set([epoch]);
      for (let start = 1; start <= 2; start++) {
        const again = await SqliteStore.open(sqliteOptions(data));
        epochs.add(again.head("positions").epoch);
        assert.equal(again.head("positions").seq, kept);
        if (kept > 0) assert.equal(again.report.rotated, start === 1 ? "file_replaced" : undefined);
        await again.close();
      }
      assert.equal(epochs.size, 2, "a new epoch, once");
      assert.deepEqual([...Deno.readDirSync(data)].map((entry) => entry.name), [STORE_FILE]);
    });
  }
}

/** Waits until the store has looked at its files, as the ticker of retention lets it do. */
async function noticing(store: SqliteStore): Promise<void> {
  const look = () => store.retain(STORE_EPOCH).then(() => undefined, ({ code }) => code);
  await waitUntil("the store looks at its files", look, (code) => code === "replaced");
}

Deno.test("the log that came with an exchanged database is not deleted at the stop", async () => {
  using root = new TempDir();
  const { data, old, store } = await prepare(root.path);
  const other = await SqliteStore.open(sqliteOptions(`${root.path}/other`));
  await other.commit(events("positions", 1, 5));
  // As if its process had been killed: what it holds is in the log.
  for (const suffix of ["", "-wal"]) {
    Deno.copyFileSync(`${root.path}/other/${STORE_FILE}${suffix}`, `${old}/${STORE_FILE}${suffix}`);
  }
  await other.close();
  for (const suffix of ["", "-wal"]) {
    Deno.renameSync(`${old}/${STORE_FILE}${suffix}`, `${data}/${STORE_FILE}${suffix}`);
  }
  assert.equal(await codeOf(store.close()), "replaced");
  const again = await SqliteStore.open(sqliteOptions(data));
  assert.deepEqual(seqs(await again.read("positions", 0, 9)), [1, 2, 3, 4, 5]);
  assert.equal(again.report.rotated, "file_replaced");
  await again.close();
});

Deno.test("a killed gateway leaves no log that the next start pairs with another database", async () => {
  using root = new TempDir();
  using killed = new TempDir();
  const { data, old, store } = await prepare(root.path);
  Deno.renameSync(`${old}/${STORE_FILE}`, `${data}/${STORE_FILE}`);
  await noticing(store);
  assert.equal(await codeOf(store.commit(events("positions", 7, 7))), "replaced");
  for (const { name } of Deno.readDirSync(data)) {
    Deno.copyFileSync(`${data}/${name}`, `${killed.path}/${name}`);
  }
  assert.equal(await codeOf(store.close()), "replaced");
  const again = await SqliteStore.open(sqliteOptions(killed.path));
  assert.deepEqual(seqs(await again.read("positions", 0, 9)), [1, 2, 3]);
  assert.equal(again.report.rotated, "file_replaced");
  await again.close();
});

Deno.test("a changed inode alone begins no new epoch: a copied directory goes on", async () => {
  using root = new TempDir();
  const { data, old, store } = await prepare(root.path);
  await store.close();
  const before = await SqliteStore.open(sqliteOptions(old));
  const { epoch } = before.head("positions");
  await before.close();
  Deno.renameSync(`${old}/${STORE_FILE}`, `${data}/${STORE_FILE}`);
  const again = await SqliteStore.open(sqliteOptions(data));
  assert.deepEqual(again.head("positions"), { epoch, seq: 3 });
  await again.close();
});
