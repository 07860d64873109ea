import assert from "node:assert/strict";
import { SqliteStore } from "../../../actors/store/sqlite/sqlite_store.ts";
import { rotateStoreEpoch } from "../../../routes/cli/rotate_epoch.ts";
import { events, sqliteOptions, TempDir } from "../../support/store_fixture.ts";

Deno.test("epoch rotate gives a restored store a new epoch and leaves its numbers", async () => {
  using directory = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.commit(events("positions", 1, 3));
  const before = store.head("positions").epoch;
  await assert.rejects(rotateStoreEpoch(directory.path), {
    name: "CommandError",
    message: /in use by another process/,
  });
  await store.close();

  const lines = await rotateStoreEpoch(directory.path);
  const again = await SqliteStore.open(sqliteOptions(directory.path));
  const { epoch, seq } = again.head("positions");
  assert.notEqual(epoch, before);
  assert.equal(seq, 3);
  assert.ok(lines.includes(`positions: epoch ${epoch}, numbers go on after 3`), lines.join());
  await again.close();
});

Deno.test("epoch rotate makes no store where there is none", async () => {
  using directory = new TempDir();
  await assert.rejects(rotateStoreEpoch(directory.path), /no such file; set TELEMETRY_DATA_DIR/);
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});

Deno.test("the task rotates the store of the environment, and says how it is used", async () => {
  using directory = new TempDir();
  await (await SqliteStore.open(sqliteOptions(directory.path))).close();
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "epoch", ...args],
      env: { NO_COLOR: "1", TELEMETRY_CONFIG: "", TELEMETRY_DATA_DIR: directory.path },
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: decode(stdout), err: decode(stderr) };
  };
  const rotated = await run("rotate");
  assert.equal(rotated.code, 0, rotated.err);
  assert.equal(rotated.out.trim().split("\n").length, 5);
  const wrong = await run("turn");
  assert.deepEqual([wrong.code, wrong.out], [64, ""]);
  assert.equal(wrong.err, "error: turn: unknown command; epoch --help explains it\n");
});
