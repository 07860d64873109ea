import assert from "node:assert/strict";
import { join } from "node:path";
import { Config } from "../../../protocol/config.ts";
import type { FileKeyStore } from "../../../routes/auth/keys/key_store.ts";
import { prepareKeys } from "../../../routes/auth/prepare_keys.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";
import { DEVELOPMENT_KEY_FILE, developmentKey } from "../../../routes/auth/development_key.ts";

/** Prepares keys, and reads them once. */
async function prepare(
  config: Config,
  apiKey: string | undefined,
  show: (line: string) => void,
): Promise<FileKeyStore> {
  const log = new RecordingLogger();
  const keys = await prepareKeys({ config, apiKey, clock: new TestClock(), log, show });
  keys.stop();
  return keys;
}

/** Runs a body with an empty directory that is removed afterwards. */
async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the development key is made once and used again at the next start", async () => {
  await withDirectory(async (directory) => {
    const dataDir = join(directory, "deep", "data");
    const first = await developmentKey(dataDir);
    const second = await developmentKey(dataDir);
    assert.equal(first.created, true);
    assert.equal(first.path, join(dataDir, DEVELOPMENT_KEY_FILE));
    assert.deepEqual(second, { ...first, created: false });
  });
});

Deno.test("the development key is long, random, and only its owner can read it", async () => {
  await withDirectory(async (directory) => {
    const { secret, path } = await developmentKey(directory);
    assert.match(secret, /^dev_[0-9a-f]{48}$/); // 192 random bits.
    const other = await developmentKey(join(directory, "other"));
    assert.notEqual(other.secret, secret);
    if (Deno.build.os === "windows") return;
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  });
});

Deno.test("an empty key file is no key: a new one is made that only its owner can read", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, DEVELOPMENT_KEY_FILE);
    await Deno.writeTextFile(path, "\n", { mode: 0o644 });
    const { secret, created } = await developmentKey(directory);
    assert.equal(created, true);
    assert.notEqual(secret, "");
    if (Deno.build.os === "windows") return;
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  });
});

Deno.test("on loopback without a key, a development key is shown once and counts there alone", async () => {
  await withDirectory(async (dataDir) => {
    const config = Config.parse({ store: { dataDir } });
    const lines: string[] = [];
    const ring = await prepare(config, undefined, (line) => lines.push(line));
    const again = await prepare(config, undefined, (line) => lines.push(line));
    const { secret } = await developmentKey(dataDir);
    assert.ok(lines[0]?.includes(secret));
    assert.equal(lines[1]?.includes(secret), false);
    for (const keys of [ring, again]) {
      const key = keys.find(secret);
      assert.deepEqual([key?.principal.name, key?.loopbackOnly], ["development", true]);
    }
  });
});

Deno.test("with a configured key there is no development key", async () => {
  await withDirectory(async (dataDir) => {
    const config = Config.parse({ store: { dataDir } });
    const lines: string[] = [];
    const ring = await prepare(config, "s3cret", (line) => lines.push(line));
    assert.deepEqual(lines, []);
    assert.deepEqual([...Deno.readDirSync(dataDir)], []);
    assert.equal(ring.find("s3cret")?.principal.authenticated, true);
  });
});

Deno.test("a keys file that is named or exists counts as configured, even without keys", async () => {
  await withDirectory(async (dataDir) => {
    const named = { keysFile: join(dataDir, "none.json") };
    const refuse = () => assert.fail("no development key is made");
    await prepare(Config.parse({ store: { dataDir }, security: named }), undefined, refuse);
    await Deno.writeTextFile(join(dataDir, "keys.json"), "");
    await prepare(Config.parse({ store: { dataDir } }), undefined, refuse);
    assert.deepEqual([...Deno.readDirSync(dataDir)].map(({ name }) => name), ["keys.json"]);
  });
});

Deno.test("a key for metrics alone does not replace the development key", async () => {
  await withDirectory(async (dataDir) => {
    const config = Config.parse({ store: { dataDir } });
    const lines: string[] = [];
    const keys = await prepareKeys({
      config,
      metricsApiKey: "scrape",
      clock: new TestClock(),
      log: new RecordingLogger(),
      show: (line) => void lines.push(line),
    });
    keys.stop();
    const { name, scopes } = keys.find("scrape")!.principal;
    assert.deepEqual([name, [...scopes]], ["metrics", ["metrics"]]);
    assert.equal(lines.length, 1);
  });
});

Deno.test("off loopback no key is ever made up", async () => {
  await withDirectory(async (dataDir) => {
    const config = Config.parse({ store: { dataDir }, server: { host: "0.0.0.0" } });
    await prepare(config, undefined, () => assert.fail("nothing is to be shown"));
    assert.deepEqual([...Deno.readDirSync(dataDir)], []);
  });
});
