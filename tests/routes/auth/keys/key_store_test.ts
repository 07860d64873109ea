import assert from "node:assert/strict";
import type { Actor } from "../../../../actors/audit/audit_log.ts";
import { formatKeys } from "../../../../protocol/keys/document.ts";
import { createKey, revokeKey } from "../../../../protocol/keys/edits.ts";
import type { KeyRecord } from "../../../../protocol/keys/record.ts";
import { type ApiKey, apiKey, digestOfSecret } from "../../../../routes/auth/api_keys.ts";
import { makeSecret, secretIdOfHex } from "../../../../routes/auth/keys/edit_keys_file.ts";
import {
  FileKeyStore,
  type FileKeyStoreDeps,
  POLL_MILLIS,
} from "../../../../routes/auth/keys/key_store.ts";
import { RecordingLogger } from "../../../support/fake_gateway.ts";
import { MemoryKeysFile } from "../../../support/memory_keys_file.ts";
import { TEST_EPOCH, TestClock } from "../../../support/test_clock.ts";

/** A key of the file, whose secrets are given in clear. */
function key(name: string, secrets: readonly string[], rights: Partial<KeyRecord> = {}): KeyRecord {
  return {
    name,
    scopes: ["subscribe"],
    ...rights,
    secrets: secrets.map((secret) => {
      const sha256 = digestOfSecret(secret).toString("hex");
      return { id: secretIdOfHex(sha256), sha256 };
    }),
  };
}

class Fixture {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly file: MemoryKeysFile;
  /** How often something changed. */
  calls = 0;
  #store: FileKeyStore | undefined;

  constructor(keys?: readonly KeyRecord[]) {
    this.file = new MemoryKeysFile(keys && formatKeys(keys));
  }

  async open(rest: Partial<FileKeyStoreDeps> = {}): Promise<FileKeyStore> {
    const { clock, log, file } = this;
    const store = await FileKeyStore.open({ clock, log, file, fixed: [], ...rest });
    store.onChange(() => this.calls += 1);
    this.#store = store;
    return store;
  }

  /** Writes keys in another file of the same name, long enough ago for its time to tell states apart. */
  swap(keys: readonly KeyRecord[] | string): void {
    this.file.inode += 1;
    const text = typeof keys === "string" ? keys : formatKeys(keys);
    this.file.write(text, this.clock.epochMillis() - 10_000);
  }

  /** Lets the store look at the file so many times. */
  async poll(times = 1): Promise<void> {
    for (let count = 0; count < times; count++) await this.clock.advanceAsync(POLL_MILLIS);
  }

  get faults(): unknown[] {
    return this.log.lines.filter(({ level }) => level === "error")
      .map(({ properties }) => properties["fault"]);
  }

  [Symbol.dispose](): void {
    this.#store?.stop();
    assert.equal(this.clock.pendingTimers, 0, "the polling has ended");
  }
}

Deno.test("keys of the file and of the configuration are found by their secrets", async () => {
  using fixture = new Fixture([key("desk", ["one", "two"], { traders: ["42"], portfolio: true })]);
  const store = await fixture.open({ fixed: [apiKey("default", "quick")] });
  const found = store.find("two")!.principal;
  assert.deepEqual([found.name, found.traders, found.portfolio], ["desk", new Set(["42"]), true]);
  assert.equal(store.find("one")!.principal.secretId, store.keys[0]!.secrets[0]!.id);
  assert.equal(store.find("quick")!.principal.name, "default");
  assert.equal(store.find("three"), undefined);
});

Deno.test("a new file is taken over at the next look, and its changes are told and logged", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  fixture.swap([key("robot", ["two"])]);
  await fixture.poll();
  assert.deepEqual([store.find("one"), store.find("two")?.principal.name], [undefined, "robot"]);
  assert.equal(fixture.calls, 1);
  const lines = fixture.log.lines.slice(1).map(({ message, properties }) =>
    `${message} ${properties["name"]} by ${properties["by"]}`
  );
  assert.deepEqual(lines, ["key revoked desk by file", "key created robot by file"]);
});

Deno.test("a file that has not changed is not read again", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  await fixture.open();
  assert.equal(fixture.file.reads, 1);
  await fixture.poll(20);
  assert.equal(fixture.file.reads, 1);
  assert.equal(fixture.calls, 0);
});

Deno.test("a change of the same size within the same tick of the file system is seen", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const now = fixture.clock.epochMillis();
  fixture.file.write(formatKeys([key("desk", ["two"])]), now);
  await fixture.poll();
  assert.notEqual(store.find("two"), undefined);
  fixture.file.write(formatKeys([key("desk", ["six"])]), now);
  await fixture.poll();
  assert.notEqual(store.find("six"), undefined);
});

Deno.test("a broken edit is refused with its line, said once, and the keys stay in force", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const text = formatKeys([key("desk", ["one"]), key("robot", ["two"])]);
  fixture.swap(text.replace('"robot"', '"ro bot"'));
  await fixture.poll(5);
  assert.equal(fixture.faults.length, 1);
  assert.match(String(fixture.faults[0]), /^keys\.json:17: keys\[1\]\.name/);
  assert.equal(store.find("one")?.principal.name, "desk");
  assert.deepEqual([store.find("two"), fixture.calls], [undefined, 0]);
  fixture.swap(text);
  await fixture.poll();
  assert.equal(store.find("two")?.principal.name, "robot");
  assert.equal(fixture.log.find({ message: "keys file accepted again" }).length, 1);
});

Deno.test("half a file that an editor is still writing is no fault", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const text = formatKeys([key("desk", ["one"]), key("robot", ["two"])]);
  fixture.file.write(text.slice(0, 100), fixture.clock.epochMillis());
  await fixture.poll();
  fixture.file.write(text, fixture.clock.epochMillis());
  await fixture.poll();
  assert.deepEqual(fixture.faults, []);
  assert.notEqual(store.find("two"), undefined);
});

Deno.test("half a file that stays so is a fault at the second look", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  await fixture.open();
  fixture.file.write('{"version": 1,', fixture.clock.epochMillis());
  await fixture.poll(2);
  assert.equal(fixture.faults.length, 1);
});

Deno.test("an emptied or removed file revokes nobody, and a file without keys everybody", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  fixture.swap("");
  await fixture.poll(3);
  assert.match(String(fixture.faults[0]), /empty/);
  fixture.file.text = undefined;
  await fixture.poll(3);
  assert.match(String(fixture.faults[1]), /gone/);
  assert.notEqual(store.find("one"), undefined);
  fixture.swap([]);
  await fixture.poll();
  assert.equal(store.find("one"), undefined);
});

Deno.test("a file that cannot be read leaves the keys in force, and is read when it can be", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  fixture.file.trouble = new Error("permission denied");
  fixture.swap([key("robot", ["two"])]);
  await fixture.poll(3);
  assert.deepEqual(fixture.faults, ["keys.json cannot be read: permission denied"]);
  assert.notEqual(store.find("one"), undefined);
  fixture.file.trouble = undefined;
  await fixture.poll();
  assert.notEqual(store.find("two"), undefined);
});

Deno.test("a start refuses a broken file, and takes one that is empty or not there", async () => {
  using fixture = new Fixture();
  const store = await fixture.open();
  assert.deepEqual(store.keys, []);
  fixture.swap([key("desk", ["one"])]);
  await fixture.poll();
  assert.notEqual(store.find("one"), undefined, "the file was made later");

  using broken = new Fixture();
  broken.file.text = '{\n"version": 3}';
  await assert.rejects(broken.open(), /^KeyError: keys\.json:2: version/);
  using empty = new Fixture();
  empty.file.text = "";
  assert.deepEqual((await empty.open()).keys, []);
});

Deno.test("an expired key is not found from its time on, and the listeners hear of it", async () => {
  const expiresAt = new Date(TEST_EPOCH + 10_000).toISOString();
  using fixture = new Fixture([key("desk", ["one"], { expiresAt }), key("robot", ["two"])]);
  const store = await fixture.open();
  const { secretId } = store.find("one")!;
  await fixture.clock.advanceAsync(9_999);
  assert.notEqual(store.current("desk", secretId), undefined);
  assert.equal(fixture.calls, 0);
  await fixture.clock.advanceAsync(1);
  assert.deepEqual([store.find("one"), store.current("desk", secretId)], [undefined, undefined]);
  await fixture.poll();
  assert.equal(fixture.calls, 1, "within one look");
  assert.equal(fixture.log.find({ message: "key expired" }).length, 1);
  assert.notEqual(store.find("two"), undefined);
  await fixture.poll(10);
  assert.equal(fixture.calls, 1, "once");
});

Deno.test("a key that did not change stays the same object, a changed one is another", async () => {
  const two = key("robot", ["two"]);
  using fixture = new Fixture([key("desk", ["one"]), two]);
  const store = await fixture.open();
  const before = [store.find("one"), store.find("two")];
  fixture.swap([key("desk", ["one"], { channels: ["positions"] }), two]);
  await fixture.poll();
  assert.notEqual(store.find("one"), before[0]);
  assert.equal(store.find("two"), before[1]);
});

Deno.test("a secret counts for its own key alone, also when it moves to another", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const { secretId } = store.find("one")!;
  fixture.swap([key("robot", ["one"])]);
  await fixture.poll();
  assert.equal(store.current("desk", secretId), undefined);
  assert.equal(store.current("robot", secretId)?.principal.name, "robot");
  assert.equal(store.find("one")?.principal.name, "robot");
});

Deno.test("reload reads the file at once, and says a fault of it at once", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  fixture.file.write("{", fixture.clock.epochMillis());
  await store.reload();
  assert.equal(fixture.faults.length, 1);
  fixture.swap([key("robot", ["two"])]);
  await store.reload();
  assert.notEqual(store.find("two"), undefined);
});

const OPS: Actor = { principal: "ops", secretId: "0a1b2c3d", address: "10.0.0.1" };

Deno.test("an edit is in the file and in force when it returns, and recorded with its principal", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const recorded: string[] = [];
  store.recordChanges((changes, { principal }) =>
    recorded.push(...changes.map(({ kind, name }) => `${kind} ${name} by ${principal}`))
  );
  const { secret, record } = makeSecret(0);
  // The command line was faster, and nobody has looked since.
  fixture.swap([key("desk", ["one"]), key("cli", ["two"])]);
  await store.edit(OPS, createKey({ name: "robot", scopes: ["publish"] }, record, 0));
  assert.equal(store.find(secret)?.principal.name, "robot");
  assert.equal(store.find("two")?.principal.name, "cli");
  assert.match(fixture.file.text!, /"robot"/);
  await fixture.poll(20);
  assert.deepEqual(recorded, ["created cli by file", "created robot by ops"]);
});

Deno.test("an edit that cannot be made, or of a broken file, changes nothing", async () => {
  using fixture = new Fixture([key("desk", ["one"])]);
  const store = await fixture.open();
  const before = fixture.file.text;
  await assert.rejects(store.edit(OPS, revokeKey("dask")), { code: "KEY_NOT_FOUND" });
  assert.equal(fixture.file.text, before);
  fixture.swap("{");
  await assert.rejects(store.edit(OPS, revokeKey("desk")), { code: "KEYS_FILE_INVALID" });
  assert.equal(fixture.file.text, "{");
  assert.notEqual(store.find("one"), undefined);
});

Deno.test("what changed between two processes is recorded by the next one, as of the file", async () => {
  using fixture = new Fixture([key("desk", ["one", "two"])]);
  const store = await fixture.open({ before: [key("desk", ["one"]), key("old", ["three"])] });
  const recorded: unknown[] = [];
  store.recordChanges((changes, by) => recorded.push(by.principal, ...changes));
  assert.deepEqual(recorded, [
    "file",
    { kind: "secret added", name: "desk", secretId: store.keys[0]!.secrets[1]!.id },
    { kind: "revoked", name: "old" },
  ]);
});

Deno.test("secrets are long, random and never twice the same", () => {
  const secrets = Array.from({ length: 100 }, () => makeSecret(0).secret);
  for (const secret of secrets) assert.match(secret, /^tgk_[\w-]{43}$/); // 256 random bits.
  assert.equal(new Set(secrets).size, secrets.length);
});

Deno.test("no secret is in what is kept or logged of it", async () => {
  using fixture = new Fixture();
  const store = await fixture.open();
  const { secret, record } = makeSecret(0);
  await store.edit(OPS, createKey({ name: "robot", scopes: ["publish"] }, record, 0));
  const found: ApiKey | undefined = store.find(secret);
  const everything = Deno.inspect([found, store, fixture.log.lines], { depth: 20 });
  assert.equal(`${fixture.file.text}${everything}`.includes(secret), false);
});
