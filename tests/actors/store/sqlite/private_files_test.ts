/**
 * Who may read what the gateway writes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { DEVELOPMENT_KEY_FILE, developmentKey } from "../../../../routes/auth/development_key.ts";
import { events, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";

const windows = Deno.build.os === "windows";

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}

/** Runs with a umask under which everybody may read what is made without care. */
async function withOpenUmask(work: () => Promise<void>): Promise<void> {
  const before = Deno.umask(0o000);
  try {
    await work();
  } finally {
    Deno.umask(before);
  }
}

const MAKERS: Readonly<Record<string, (directory: string) => Promise<unknown>>> = {
  "the store": async (directory) => {
    const store = await SqliteStore.open(sqliteOptions(directory));
    await store.commit(events("positions", 1, 1));
    return store;
  },
  "the development key": (directory) => developmentKey(directory),
};

for (const first of Object.keys(MAKERS)) {
  Deno.test({
    name: `files are 0600 and directories 0700, when ${first} comes first`,
    ignore: windows,
    fn: () =>
      withOpenUmask(async () => {
        using root = new TempDir();
        const directory = `${root.path}/deep/data`;
        const made = [await MAKERS[first]!(directory)];
        for (const [name, make] of Object.entries(MAKERS)) {
          if (name !== first) made.push(await make(directory));
        }
        assert.deepEqual([modeOf(`${root.path}/deep`), modeOf(directory)], [0o700, 0o700]);
        const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
        assert.deepEqual(names, [DEVELOPMENT_KEY_FILE, STORE_FILE, `${STORE_FILE}-wal`]);
        for (const name of names) assert.equal(modeOf(`${directory}/${name}`), 0o600, name);
        for (const one of made) if (one instanceof SqliteStore) await one.close();
      }),
  });
}

Deno.test({
  name: "a directory that was there before is left as it is, and said to be readable by others",
  ignore: windows,
  fn: async () => {
    for (const mode of [0o755, 0o700]) {
      using root = new TempDir();
      Deno.chmodSync(root.path, mode);
      const store = await SqliteStore.open(sqliteOptions(root.path));
      assert.equal(modeOf(root.path), mode);
      assert.equal(store.report.exposed, mode === 0o755);
      assert.equal(modeOf(`${root.path}/${STORE_FILE}`), 0o600);
      await store.close();
    }
  },
});
