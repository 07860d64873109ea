import assert from "node:assert/strict";
import { join } from "node:path";
import { createKey, revokeKey } from "../../../../protocol/keys/edits.ts";
import { MAX_KEYS_FILE_BYTES } from "../../../../protocol/keys/document.ts";
import { editKeysFile, keysOf, makeSecret } from "../../../../routes/auth/keys/edit_keys_file.ts";
import { DiskKeysFile } from "../../../../routes/auth/keys/keys_file.ts";
import { TempDir } from "../../../support/store_fixture.ts";

/** Root may write anything, and Windows has no such rights. */
const hasRights = Deno.build.os !== "windows" && Deno.uid() !== 0;

function create(name: string) {
  return createKey({ name, scopes: ["subscribe"] }, makeSecret(0).record, 0);
}

async function namesIn(file: DiskKeysFile): Promise<string[]> {
  return keysOf(await file.read(), file.path).map(({ name }) => name);
}

Deno.test("the first key makes the directory and the file, for their owner alone", async () => {
  using directory = new TempDir();
  const file = new DiskKeysFile(join(directory.path, "data", "keys.json"));
  assert.deepEqual([await file.stat(), await file.read()], [undefined, undefined]);
  await editKeysFile(file, create("desk"));
  assert.deepEqual(await namesIn(file), ["desk"]);
  if (Deno.build.os === "windows") return;
  const modes = ["data", "data/keys.json", "data/keys.json.lock"].map((path) =>
    (Deno.statSync(join(directory.path, path)).mode! & 0o777).toString(8)
  );
  assert.deepEqual(modes, ["700", "600", "600"]);
});

Deno.test("an edit replaces the file by another one, which has another stamp", async () => {
  using directory = new TempDir();
  const file = new DiskKeysFile(join(directory.path, "keys.json"));
  await editKeysFile(file, create("desk"));
  const before = await file.stat();
  await Deno.chmod(file.path, 0o644);
  await editKeysFile(file, create("robot"));
  const after = await file.stat();
  assert.notEqual(after!.identity, before!.identity);
  assert.equal(after!.mode! & 0o777, 0o600, "the rights are ours again");
  assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name).sort(), [
    "keys.json",
    "keys.json.lock",
  ]);
});

Deno.test("a file that is broken or fails to be edited is left as it is", async () => {
  using directory = new TempDir();
  const file = new DiskKeysFile(join(directory.path, "keys.json"));
  await editKeysFile(file, create("desk"));
  const text = await file.read();
  await assert.rejects(editKeysFile(file, revokeKey("other")), { code: "KEY_NOT_FOUND" });
  assert.equal(await file.read(), text);
  await Deno.writeTextFile(file.path, "{\n}");
  await assert.rejects(editKeysFile(file, create("robot")), /keys\.json:1: version/);
  assert.equal(await file.read(), "{\n}");
});

Deno.test("what a killed process left beside the file does not hold up the next edit", async () => {
  using directory = new TempDir();
  const file = new DiskKeysFile(join(directory.path, "keys.json"));
  await Deno.writeTextFile(`${file.path}.new`, "half");
  await Deno.writeTextFile(`${file.path}.lock`, "");
  await editKeysFile(file, create("desk"));
  assert.deepEqual(await namesIn(file), ["desk"]);
});

Deno.test("edits at the same time are made one after the other, and none is lost", async () => {
  using directory = new TempDir();
  const path = join(directory.path, "keys.json");
  const names = Array.from({ length: 20 }, (_, at) => `key${at}`);
  await Promise.all(names.map((name) => editKeysFile(new DiskKeysFile(path), create(name))));
  assert.deepEqual((await namesIn(new DiskKeysFile(path))).sort(), names.sort());
});

Deno.test("a link to the file is followed when it is written, and stays one", async () => {
  using directory = new TempDir();
  const real = new DiskKeysFile(join(directory.path, "real", "keys.json"));
  await editKeysFile(real, create("desk"));
  const link = new DiskKeysFile(join(directory.path, "keys.json"));
  await Deno.symlink(real.path, link.path);
  await editKeysFile(link, create("robot"));
  assert.ok((await Deno.lstat(link.path)).isSymlink);
  assert.deepEqual(await namesIn(real), ["desk", "robot"]);
});

Deno.test("a link that is swapped, as Kubernetes does, changes the stamp", async () => {
  using directory = new TempDir();
  for (const version of ["one", "two"]) {
    const file = new DiskKeysFile(join(directory.path, version, "keys.json"));
    await editKeysFile(file, create("desk"));
  }
  const path = (name: string) => join(directory.path, name);
  await Deno.symlink("one", path("..data"));
  await Deno.symlink(join("..data", "keys.json"), path("keys.json"));
  const file = new DiskKeysFile(path("keys.json"));
  const before = await file.stat();
  await Deno.symlink("two", path("..data_tmp"));
  await Deno.rename(path("..data_tmp"), path("..data"));
  assert.notEqual((await file.stat())!.identity, before!.identity);
});

Deno.test("a file beyond the bound is not read", async () => {
  using directory = new TempDir();
  const file = new DiskKeysFile(join(directory.path, "keys.json"));
  await Deno.writeTextFile(file.path, " ".repeat(MAX_KEYS_FILE_BYTES));
  assert.equal((await file.read())!.length, MAX_KEYS_FILE_BYTES);
  await Deno.writeTextFile(file.path, " ".repeat(MAX_KEYS_FILE_BYTES + 1));
  await assert.rejects(file.read(), /more than 1048576 bytes/);
});

Deno.test({
  name: "a directory that cannot be written is said to be so",
  ignore: !hasRights,
  fn: async () => {
    using directory = new TempDir();
    const file = new DiskKeysFile(join(directory.path, "keys.json"));
    await editKeysFile(file, create("desk"));
    await Deno.chmod(directory.path, 0o500);
    try {
      await assert.rejects(editKeysFile(file, create("robot")), { code: "KEYS_READ_ONLY" });
    } finally {
      await Deno.chmod(directory.path, 0o700);
    }
  },
});

Deno.test({
  name: "what root edits stays with the user whose gateway reads it",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: async () => {
    using directory = new TempDir();
    await Deno.chown(directory.path, 65_534, 65_534);
    const file = new DiskKeysFile(join(directory.path, "keys.json"));
    await editKeysFile(file, create("desk"));
    assert.equal((await Deno.stat(file.path)).uid, 65_534, "as the directory");
    await Deno.chown(file.path, 65_533, 65_533);
    await editKeysFile(file, create("robot"));
    assert.equal((await Deno.stat(file.path)).uid, 65_533, "as the file before");
  },
});
