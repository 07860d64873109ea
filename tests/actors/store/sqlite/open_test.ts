import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { StoreError, type StoreErrorCode } from "../../../../actors/store/sqlite/errors.ts";
import { migrate, type Migration, MIGRATIONS } from "../../../../actors/store/sqlite/schema.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { events, seqs, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";

/** The error with which opening a directory fails, in this thread and in a worker alike. */
async function refusal(directory: string): Promise<StoreError> {
  const errors = [];
  for (const durability of ["process", "power"] as const) {
    errors.push(
      await SqliteStore.open(sqliteOptions(directory, { durability })).then(
        (store) => store.close().then(() => assert.fail("it was opened")),
        (error: StoreError) => error,
      ),
    );
  }
  const [here, there] = errors as [StoreError, StoreError];
  assert.ok(here instanceof StoreError && there instanceof StoreError, String(here));
  assert.deepEqual([there.code, there.message], [here.code, here.message]);
  return here;
}

async function assertRefused(
  directory: string,
  code: StoreErrorCode,
  advice: RegExp,
): Promise<void> {
  const error = await refusal(directory);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, advice);
  assert.ok(error.message.startsWith(`${directory}/${STORE_FILE}`), error.message);
}

function withDatabase(directory: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(`${directory}/${STORE_FILE}`);
  work(db);
  db.close();
}

Deno.test("a missing directory is made, for its owner alone", async () => {
  using directory = new TempDir();
  const path = `${directory.path}/a/b`;
  const store = await SqliteStore.open(sqliteOptions(path));
  assert.equal(store.report.created, true);
  assert.equal(Deno.statSync(path).mode! & 0o077, 0);
  await store.close();
});

Deno.test("a directory that is in use is refused, from this process and from another", async () => {
  using directory = new TempDir();
  for (const durability of ["process", "power"] as const) {
    const store = await SqliteStore.open(sqliteOptions(directory.path, { durability }));
    await assertRefused(directory.path, "locked", /in use by another process; stop it/);
    const code = `import { DatabaseSync } from "node:sqlite";
      new DatabaseSync(Deno.args[0]).exec("SELECT * FROM session");`;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", code, `${directory.path}/${STORE_FILE}`],
    }).output();
    assert.equal(success, false);
    assert.match(new TextDecoder().decode(stderr), /database is locked/);
    await store.close();
  }
  await (await SqliteStore.open(sqliteOptions(directory.path))).close();
});

Deno.test("a file that is no database is refused and left as it is", async () => {
  using directory = new TempDir();
  const text = "these are my notes\n".repeat(500);
  Deno.writeTextFileSync(`${directory.path}/${STORE_FILE}`, text);
  await assertRefused(directory.path, "foreign", /is not a store .* move it away/);
  assert.equal(Deno.readTextFileSync(`${directory.path}/${STORE_FILE}`), text);
});

Deno.test("the database of another program is refused and left as it is", async () => {
  using directory = new TempDir();
  withDatabase(directory.path, (db) => db.exec("CREATE TABLE theirs (a)"));
  const bytes = Deno.readFileSync(`${directory.path}/${STORE_FILE}`);
  await assertRefused(directory.path, "foreign", /another program/);
  assert.deepEqual(Deno.readFileSync(`${directory.path}/${STORE_FILE}`), bytes);
});

Deno.test("a store of a newer version is refused", async () => {
  using directory = new TempDir();
  await (await SqliteStore.open(sqliteOptions(directory.path))).close();
  withDatabase(directory.path, (db) => db.exec("PRAGMA user_version = 99"));
  await assertRefused(directory.path, "newer", /newer version .*schema 99/);
});

Deno.test("a log whose database was renamed or emptied is refused, and stays as it is", async () => {
  using directory = new TempDir();
  using killed = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.commit(events("positions", 1, 3));
  const [path, other] = [directory, killed].map((one) => `${one.path}/${STORE_FILE}`) as [
    string,
    string,
  ];
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(path + suffix, other + suffix);
  await store.close();
  const log = Deno.readFileSync(`${other}-wal`);
  Deno.renameSync(other, `${killed.path}/kept.db`);
  const refused = {
    code: "orphaned",
    message: /log .*-wal holds data .*move the database back .*or move the log away/,
  };
  await assert.rejects(SqliteStore.open(sqliteOptions(killed.path)), refused);
  Deno.writeTextFileSync(other, "");
  await assert.rejects(SqliteStore.open(sqliteOptions(killed.path)), refused);
  assert.deepEqual(Deno.readFileSync(`${other}-wal`), log);
  Deno.renameSync(`${killed.path}/kept.db`, other);
  const again = await SqliteStore.open(sqliteOptions(killed.path));
  assert.deepEqual(seqs(await again.read("positions", 0, 9)), [1, 2, 3]);
  await again.close();
});

Deno.test("an empty log of nothing does not stop a start", async () => {
  using directory = new TempDir();
  Deno.writeTextFileSync(`${directory.path}/${STORE_FILE}-wal`, "");
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  assert.equal(store.report.created, true);
  await store.close();
});

Deno.test("an empty file is a new store", async () => {
  using directory = new TempDir();
  Deno.writeTextFileSync(`${directory.path}/${STORE_FILE}`, "");
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  assert.equal(store.report.created, true);
  await store.close();
});

Deno.test("damage is found after an unclean stop, and the message says what to do", async () => {
  using directory = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  for (let seq = 1; seq <= 5_000; seq += 100) {
    await store.commit(events("positions", seq, seq + 99, { data: `"${"x".repeat(200)}"` }));
  }
  await store.close();
  withDatabase(directory.path, (db) => db.exec("UPDATE session SET clean = 0"));
  const file = Deno.openSync(`${directory.path}/${STORE_FILE}`, { write: true });
  for (let page = 20; page < 60; page++) {
    file.seekSync(page * 4_096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4_096).fill(0x5a));
  }
  file.close();
  await assertRefused(directory.path, "corrupt", /is damaged[^]* restore a backup and rotate/);
});

Deno.test("an older store is brought up step by step, in one transaction with its version", () => {
  const db = new DatabaseSync(":memory:");
  const channels = [{ name: "positions", keyed: true }];
  migrate(db, 0, channels);
  const addNote: Migration = (file) => file.exec("ALTER TABLE channels ADD COLUMN note TEXT");
  migrate(db, MIGRATIONS.length, channels, [...MIGRATIONS, addNote]);
  assert.equal(db.prepare("PRAGMA user_version").get()!["user_version"], MIGRATIONS.length + 1);
  db.prepare("SELECT note FROM channels").all();
  const broken: Migration = (file) => {
    file.exec("CREATE TABLE half (a)");
    throw new Error("no");
  };
  db.exec("BEGIN");
  assert.throws(() => migrate(db, 2, channels, [...MIGRATIONS, addNote, broken]), /no/);
  db.exec("ROLLBACK");
  assert.equal(db.prepare("PRAGMA user_version").get()!["user_version"], MIGRATIONS.length + 1);
  assert.throws(() => db.exec("SELECT * FROM half"), /no such table/);
  db.close();
});

Deno.test("a restart finds every event and goes on", async () => {
  using directory = new TempDir();
  for (const [life, durability] of (["process", "power", "process"] as const).entries()) {
    const store = await SqliteStore.open(sqliteOptions(directory.path, { durability }));
    assert.equal(store.head("positions").seq, life * 10);
    assert.equal(store.report.clean, true);
    await store.commit(events("positions", life * 10 + 1, life * 10 + 10));
    assert.equal(seqs(await store.read("positions", 0, 99))!.length, life * 10 + 10);
    await store.close();
  }
  assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name), [STORE_FILE]);
});
