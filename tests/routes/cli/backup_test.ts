/**
 * The command line of `deno task backup`, and the file that it writes: whole, or not at all.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SqliteStore } from "../../../actors/store/sqlite/sqlite_store.ts";
import type { BackupFile } from "../../../protocol/backup.ts";
import { type BackupProgress, partialPath, writeBackup } from "../../../routes/cli/backup_file.ts";
import type { BackupItem } from "../../../routes/cli/backup_source.ts";
import { runInProcess } from "../../support/program.ts";
import { events, sqliteOptions, TempDir } from "../../support/store_fixture.ts";

Deno.test("the command names a file; the gateway is that of this machine's port unless --url says otherwise", async () => {
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const { backup, errors } = await runInProcess({ args: ["backup", ...args], env });
    return backup ?? assert.fail(errors.join());
  };
  const { url, ...rest } = await run(["b.db"]);
  assert.equal(url.href, "http://127.0.0.1:8080/");
  const defaults = { file: "b.db", explicit: false, apiKeyFile: undefined };
  assert.deepEqual(rest, { ...defaults, dataDir: "./data", bootId: "" });
  const env = { TELEMETRY_PORT: "9001", TELEMETRY_DATA_DIR: "d", TELEMETRY_BOOT_ID: "b" };
  const other = await run(["b.db"], env);
  assert.deepEqual([other.url.port, other.explicit], ["9001", false]);
  assert.deepEqual([other.dataDir, other.bootId], ["d", "b"]);
  const named = await run(["--url", "https://gw", "b.db", "--api-key-file", "k"], env);
  assert.deepEqual([named.url.href, named.explicit], ["https://gw/", true]);
  assert.equal(named.apiKeyFile, "k");
  // What Kubernetes injects for a Service of that name is no port.
  const injected = await run(["b.db"], { TELEMETRY_PORT: "tcp://10.0.0.1:8080" });
  assert.equal(injected.url.port, "8080");
});

/** The bytes of a backup. */
async function backupBytes(directory: string): Promise<Uint8Array> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  await store.commit(events("positions", 1, 300));
  const chunks: Uint8Array[] = [];
  for await (const part of (await store.backup(() => Promise.resolve())).parts()) {
    if (part.kind === "bytes") chunks.push(part.bytes);
  }
  await store.close();
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

function* itemsOf(bytes: Uint8Array, says = bytes.length): Generator<BackupItem> {
  yield { rows: 300, bytes: 1_000 };
  yield { copied: 300 };
  yield { file: { bytes: says, damaged: 2, channels: {} } };
  yield bytes.subarray(0, 1_000);
  yield bytes.subarray(1_000);
}

async function write(path: string, items: Iterable<BackupItem>): Promise<BackupFile> {
  return await writeBackup(path, ReadableStream.from(items), () => {});
}

Deno.test("a file is written for its owner alone, checked, and told of on the way", async () => {
  using directory = new TempDir();
  const bytes = await backupBytes(`${directory.path}/data`);
  const told: BackupProgress[] = [];
  const path = `${directory.path}/b.db`;
  const items = ReadableStream.from(itemsOf(bytes));
  const content = await writeBackup(path, items, (progress) => told.push(progress));
  assert.deepEqual(content, { bytes: bytes.length, damaged: 2, channels: {} });
  assert.deepEqual(Deno.readFileSync(path), bytes);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.deepEqual(told, [
    { phase: "copied", done: 300, total: 300 },
    { phase: "received", done: 1_000, total: bytes.length },
    { phase: "received", done: bytes.length, total: bytes.length },
  ]);
});

Deno.test("what is not a whole store becomes no file", async () => {
  using directory = new TempDir();
  const path = `${directory.path}/b.db`;
  const bytes = await backupBytes(`${directory.path}/data`);
  const torn = bytes.slice();
  torn.fill(0x5a, 8_192, 16_384);
  const bad: readonly (readonly [items: Iterable<BackupItem>, says: RegExp])[] = [
    [itemsOf(bytes, bytes.length + 1), /ended before the backup was whole; try again/],
    [[{ rows: 1, bytes: 1 }], /ended before the backup was whole/],
    [[{ error: { code: "DISK_FULL", message: "the disk is full" } }], /^the disk is full$/],
    [[{ rows: 1, bytes: 2 ** 52 }], /needs [\d,]+ MiB, and [\d,]+ MiB are free in .*: make room/],
    [itemsOf(torn), /is damaged/],
    [itemsOf(new Uint8Array(4_096).fill(0x61)), /is not a store of the telemetry gateway/],
  ];
  for (const [items, says] of bad) {
    await assert.rejects(write(path, items), { message: says });
    assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["data"]);
  }
});

Deno.test("a file that exists is neither replaced nor removed, and neither is another's half", async () => {
  using directory = new TempDir();
  const path = `${directory.path}/b.db`;
  const bytes = await backupBytes(`${directory.path}/data`);
  for (const name of [path, partialPath(path)]) {
    Deno.writeTextFileSync(name, "mine");
    await assert.rejects(write(path, itemsOf(bytes)), { name: "BackupError", message: /exists/ });
    assert.equal(Deno.readTextFileSync(name), "mine");
    Deno.removeSync(name);
  }
});
