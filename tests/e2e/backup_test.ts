/**
 * `deno task backup`: of a gateway under load, of a stopped one, and what is left when somebody is
 * killed on the way.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { verifyBackup } from "../../actors/store/sqlite/verify_backup.ts";
import { CHANNELS } from "../../protocol/channels.ts";
import { rotateStoreEpoch } from "../../routes/cli/rotate_epoch.ts";
import { runBackup, startBackup } from "../support/backup_command.ts";
import { marketData, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, event, everything, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

/** Events of the store that takes a while to copy. */
const MANY = 40_000;

function envOf(directory: string): Record<string, string> {
  return {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
    TELEMETRY_RETENTION_EVENTS: "1000000",
    TELEMETRY_RETENTION_HOURS: "87600",
  };
}

/** Events of a store whose size does not matter. */
const FEW = 2_000;

/** Where the store of {@link MANY} events is made; it is made once, and copied. */
const template = new TempDir();
addEventListener("unload", () => template[Symbol.dispose]());
let templateMade: Promise<void> | undefined;

/** A closed store that takes a second or more to copy. */
async function makeLargeStore(directory: string): Promise<void> {
  await (templateMade ??= makeStore(template.path, MANY));
  Deno.mkdirSync(directory, { mode: 0o700 });
  Deno.copyFileSync(`${template.path}/${STORE_FILE}`, `${directory}/${STORE_FILE}`);
}

async function makeStore(directory: string, size: number): Promise<void> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const data = JSON.stringify({ id: "x", fill: "x".repeat(400) });
  for (let first = 1; first <= size; first += 1_000) {
    await store.commit(
      Array.from(
        { length: 1_000 },
        (_, index) =>
          event("risk-alerts", first + index, `k${index % 100}`, { data, timestamp: Date.now() }),
      ),
    );
  }
  await store.close();
}

/** Everything that a directory's store brings back. */
async function contentOf(directory: string) {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const { channels, identities } = await store.restore(everything());
  const heads = Object.fromEntries(CHANNELS.map((channel) => [channel, store.head(channel)]));
  await store.close();
  return { channels, identities, heads };
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

/** The files of a store, without others that a gateway keeps beside it. */
function storeFilesIn(directory: string): string[] {
  return namesIn(directory).filter((name) => name.startsWith(STORE_FILE));
}

/** Waits until the copy is in the making, with some rows in it. */
async function copying(directory: string): Promise<void> {
  await waitUntil("the copy grows", () => {
    try {
      return Deno.statSync(`${directory}/${STORE_FILE}.backup`).size;
    } catch {
      return 0;
    }
  }, (size) => size > 200_000);
}

Deno.test("a backup of a gateway under load restores to a prefix of what was acknowledged, and its epoch is rotated", async () => {
  using root = new TempDir();
  const [data, restored, file] = [
    `${root.path}/data`,
    `${root.path}/restored`,
    `${root.path}/b.db`,
  ];
  await makeLargeStore(data);
  let acknowledged = 0;
  {
    await using gateway = await GatewayProcess.start({ env: envOf(data) });
    const api = new HttpApi(gateway);
    let made = false;
    const backup = runBackup([file, "--url", gateway.url], { TELEMETRY_API_KEY: gateway.apiKey })
      .finally(() => made = true);
    while (!made) {
      const batch = Array.from({ length: 20 }, (_, index) => ({
        ...riskAlert(`a${acknowledged + index}`),
        eventId: `e${acknowledged + index}`,
      }));
      await api.publish([...batch, marketData(`S${acknowledged % 7}`, "1.5")]);
      acknowledged += batch.length;
    }
    const { code, out, err } = await backup;
    assert.equal(code, 0, err);
    assert.match(out, /b\.db: \d+ MiB, checked\n/);
    assert.match(out, /risk-alerts: epoch \w+, events 1 to \d+/);
    assert.equal(`${out}${err}`.includes(gateway.apiKey), false);
    await gateway.stop();
  }
  assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
  assert.deepEqual(namesIn(root.path), ["b.db", "data"]);
  assert.deepEqual(storeFilesIn(data), [STORE_FILE]);
  verifyBackup(file);

  Deno.mkdirSync(restored);
  Deno.renameSync(file, `${restored}/${STORE_FILE}`);
  const [whole, copy] = [await contentOf(data), await contentOf(restored)];
  for (const channel of CHANNELS) {
    const [all, part] = [whole, copy].map(({ channels }) => channels.get(channel)!.events);
    assert.deepEqual(part, all!.slice(0, part!.length), channel);
    assert.deepEqual(copy.heads[channel]!.epoch, whole.heads[channel]!.epoch);
    // Each latest state is that of the copy's own events.
    for (const state of copy.channels.get(channel)!.latest) {
      assert.deepEqual(state, part!.findLast(({ key }) => key === state.key));
    }
  }
  const seq = copy.heads["risk-alerts"]!.seq;
  assert.ok(seq >= MANY && seq < whole.heads["risk-alerts"]!.seq, `${seq} alerts`);
  assert.equal(copy.identities.length, seq - MANY);
  assert.deepEqual(copy.identities, whole.identities.slice(0, copy.identities.length));

  await rotateStoreEpoch(restored);
  await using gateway = await GatewayProcess.start({ env: envOf(restored) });
  const { last } = await new HttpApi(gateway).publish(riskAlert("next"));
  assert.equal(last["risk-alerts"].seq, seq + 1);
  assert.notEqual(last["risk-alerts"].epoch, whole.heads["risk-alerts"]!.epoch);
});

Deno.test("a gateway that is killed during a backup leaves no file, and nothing after its next start", async () => {
  using root = new TempDir();
  const [data, file] = [`${root.path}/data`, `${root.path}/b.db`];
  await makeLargeStore(data);
  {
    await using gateway = await GatewayProcess.start({ env: envOf(data) });
    const env = { TELEMETRY_API_KEY: gateway.apiKey };
    const backup = runBackup([file, "--url", gateway.url], env);
    await copying(data);
    await gateway.stop("SIGKILL");
    const { code, out, err } = await backup;
    assert.deepEqual([code, out], [69, ""]);
    assert.match(err, /^error: the connection to http:.* was lost/m);
  }
  assert.ok(storeFilesIn(data).includes(`${STORE_FILE}.backup`));
  assert.deepEqual(namesIn(root.path), ["data"]);
  await using gateway = await GatewayProcess.start({ env: envOf(data) });
  assert.deepEqual(storeFilesIn(data), [STORE_FILE, `${STORE_FILE}-wal`]);
  await gateway.stop();
});

for (const signal of ["SIGKILL", "SIGINT"] as const) {
  Deno.test(`a command that gets ${signal} ends the backup in the gateway, and another can begin`, async () => {
    using root = new TempDir();
    const [data, file] = [`${root.path}/data`, `${root.path}/b.db`];
    await makeLargeStore(data);
    await using gateway = await GatewayProcess.start({ env: envOf(data) });
    const env = { TELEMETRY_API_KEY: gateway.apiKey };
    const first = startBackup([file, "--url", gateway.url], env);
    const output = first.output();
    await copying(data);
    const busy = await runBackup([`${file}2`, "--url", gateway.url], env);
    assert.equal(busy.code, 1);
    assert.match(busy.err, /answered 409: another backup is being made; wait until it has ended/);
    first.kill(signal);
    const { code } = await output;
    await waitUntil("the copy is gone", () => storeFilesIn(data), ({ length }) => length === 2);
    if (signal === "SIGINT") {
      assert.equal(code, 130);
      assert.deepEqual(namesIn(root.path), ["data"]);
    } else {
      // What was killed tidies nothing up; the next one says what is in its way.
      const { code, err } = await runBackup([file, "--url", gateway.url], env);
      assert.equal(code, 1);
      assert.match(err, /b\.db\.partial exists: .*remove it/);
      Deno.removeSync(`${file}.partial`);
    }
    const { code: again, err } = await runBackup([file, "--url", gateway.url], env);
    assert.equal(again, 0, err);
    await gateway.stop();
  });
}

Deno.test("a stopped gateway's store is copied from its file, within its epoch", async () => {
  using root = new TempDir();
  const [data, file] = [`${root.path}/data`, `${root.path}/b.db`];
  await makeStore(data, FEW);
  const before = await contentOf(data);
  // Nothing listens on port 1.
  const env = { TELEMETRY_DATA_DIR: data, TELEMETRY_PORT: "1", TELEMETRY_BOOT_ID: BOOT };
  const { code, err } = await runBackup([file], env);
  assert.equal(code, 0, err);
  assert.deepEqual(storeFilesIn(data), [STORE_FILE]);
  assert.deepEqual(await contentOf(data), before);
  Deno.mkdirSync(`${root.path}/restored`);
  Deno.renameSync(file, `${root.path}/restored/${STORE_FILE}`);
  assert.deepEqual(await contentOf(`${root.path}/restored`), before);
});

Deno.test("a backup that cannot be made says why and what to do, and leaves no file", async () => {
  using root = new TempDir();
  const [data, file] = [`${root.path}/data`, `${root.path}/b.db`];
  const env = { TELEMETRY_DATA_DIR: data, TELEMETRY_PORT: "1" };
  const failing = async (args: string[], code: number, says: RegExp, more = {}) => {
    const run = await runBackup(args, { ...env, ...more });
    assert.match(run.err, /^error: [^\n]+\n$/);
    assert.match(run.err, says);
    assert.deepEqual([run.code, run.out], [code, ""]);
  };
  await failing([file], 1, /no gateway answers, and .*telemetry\.db does not exist: .*--url/);
  await failing([file, "--url", "http://127.0.0.1:1"], 78, /no key: set TELEMETRY_API_KEY/);
  const key = { TELEMETRY_API_KEY: "k" };
  await failing([file, "--url", "http://127.0.0.1:1"], 69, /cannot be reached/, key);
  await failing([], 64, /FILE is missing/);
  await failing([file, "--speed"], 64, /--speed/);
  await failing([file, "--url", "here"], 64, /--url: expected an address/);

  const store = await SqliteStore.open(sqliteOptions(data));
  await failing([file], 1, /in use, but nothing answers at http:\/\/127\.0\.0\.1:1: .*--url/);
  await store.close();
  Deno.writeTextFileSync(file, "mine");
  await failing([file], 1, /b\.db exists; choose another name/);
  assert.equal(Deno.readTextFileSync(file), "mine");
  Deno.removeSync(file);
  await failing([`${root.path}/none/b.db`], 1, /No such file/);

  await using gateway = await GatewayProcess.start();
  const url = ["--url", gateway.url];
  await failing([file, ...url], 1, /keeps its events in memory/, {
    TELEMETRY_API_KEY: gateway.apiKey,
  });
  await failing([file, ...url], 1, /answered 401: .*a key with the scope admin/, {
    TELEMETRY_API_KEY: "wrong",
  });
  assert.deepEqual(namesIn(root.path), ["data"]);
  const { code, out } = await runBackup(["--help"], {});
  assert.equal(code, 0);
  assert.match(out, /^Usage: telemetry-gateway backup \[options\] <FILE>/);
});
