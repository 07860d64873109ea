/**
 * Keys of a running gateway: made, rotated, revoked and narrowed by commands, over REST and by hand,
 * and what that does to who is connected.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { digestOfSecret } from "../../routes/auth/api_keys.ts";
import { GatewayProcess, type LogLine } from "../support/gateway_process.ts";
import { fromFileUrl } from "../support/paths.ts";
import { TempDir } from "../support/store_fixture.ts";
import { V1Client } from "../support/v1_client.ts";
import { V2Client } from "../support/v2_client.ts";
import { waitUntil } from "../support/wait.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** What must be over within a second, with patience for a busy machine. */
const SOON = { withinMs: 5_000 };

/** Runs `keys …` as a process of its own. */
async function keys(file: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", MAIN, "keys", ...args],
    env: { TELEMETRY_KEYS_FILE: file, NO_COLOR: "1" },
    cwd: join(file, ".."),
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const [out, errors] = [decode(stdout), decode(stderr)];
  assert.equal(code, 0, errors);
  return { secret: out.trim().split("\n").at(-1)!, out, errors };
}

function start(keysFile: string): Promise<GatewayProcess> {
  return GatewayProcess.start({ env: { TELEMETRY_KEYS_FILE: keysFile } });
}

async function statusOf(gateway: GatewayProcess, secret: string, path = "positions/snapshot") {
  const response = await fetch(`${gateway.url}/api/v1/telemetry/${path}`, {
    headers: { "X-API-Key": secret },
  });
  await response.body?.cancel();
  return response.status;
}

/** Waits until requests with a secret are answered with a status. */
function untilStatus(gateway: GatewayProcess, secret: string, status: number) {
  return waitUntil(
    `status ${status}`,
    () => statusOf(gateway, secret),
    (seen) => seen === status,
    SOON,
  );
}

/** A key of a file that is written by hand. */
function entry(name: string, secret: string, rights: Record<string, unknown> = {}) {
  const sha256 = digestOfSecret(secret).toString("hex");
  return { name, scopes: ["subscribe"], ...rights, secrets: [{ sha256 }] };
}

/** Writes a keys file as a deployment does: beside it, and renamed over it. */
async function write(path: string, ...entries: readonly unknown[]): Promise<void> {
  const text = JSON.stringify({ version: 1, keys: entries }, undefined, 2);
  await Deno.writeTextFile(`${path}.tmp`, text);
  await Deno.rename(`${path}.tmp`, path);
}

Deno.test("keys made, rotated and revoked by commands count in a running gateway", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  await using gateway = await start(file);
  const { secret, out } = await keys(file, "create", "desk", "--scopes", "subscribe");
  assert.equal(out, `${secret}\n`);
  await untilStatus(gateway, secret, 200);
  await using first = await V1Client.connect(gateway.wsUrl, { apiKey: secret });
  const { secret: second } = await keys(file, "rotate", "desk");
  await untilStatus(gateway, second, 200);
  assert.equal(await statusOf(gateway, secret), 200, "both secrets count");
  await using moved = await V1Client.connect(gateway.wsUrl, { apiKey: second });
  const list = JSON.parse((await keys(file, "list", "--json")).out);
  await keys(file, "revoke", "desk", "--secret", list[0].secrets[0].id);
  assert.equal((await first.closed).code, 4401);
  assert.equal(await statusOf(gateway, secret), 401);
  await moved.heartbeat();
  await keys(file, "revoke", "desk");
  assert.equal((await moved.closed).code, 4401);
  assert.equal(await statusOf(gateway, second), 401);
  const text = gateway.output.text;
  for (const one of [secret, second]) assert.equal(text.includes(one), false);
});

Deno.test("keys made and revoked over REST are in the file, and outlast a restart of the gateway", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  let secret: string;
  {
    await using gateway = await start(file);
    const response = await fetch(`${gateway.url}/api/v1/keys`, {
      method: "POST",
      headers: { "X-API-Key": gateway.apiKey, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "desk", scopes: ["subscribe"], channels: ["positions"] }),
    });
    assert.equal(response.status, 201);
    ({ data: { secret } } = await response.json());
    assert.equal(await statusOf(gateway, secret), 200);
    assert.equal(await statusOf(gateway, secret, "market-data/snapshot"), 403);
    await using client = await V1Client.connect(gateway.wsUrl, { apiKey: secret });
    assert.match((await keys(file, "list")).out, /^desk +subscribe +channels positions/m);
    await gateway.stop();
    await client.closed;
  }
  await using again = await start(file);
  await using client = await V1Client.connect(again.wsUrl, { apiKey: secret });
  const revoked = await fetch(`${again.url}/api/v1/keys/desk`, {
    method: "DELETE",
    headers: { "X-API-Key": again.apiKey },
  });
  assert.equal(revoked.status, 200);
  await revoked.body?.cancel();
  assert.equal((await client.closed).code, 4401);
  assert.equal(await statusOf(again, secret), 401);
});

Deno.test("a swapped link, as Kubernetes makes it, and an edit in place are followed", async () => {
  using directory = new TempDir();
  const at = (...names: readonly string[]) => join(directory.path, ...names);
  for (const [version, secret] of [["one", "first-secret"], ["two", "second-secret"]] as const) {
    await Deno.mkdir(at(version));
    await write(at(version, "keys.json"), entry("desk", secret));
  }
  await Deno.symlink("one", at("..data"));
  await Deno.symlink(join("..data", "keys.json"), at("keys.json"));
  await using gateway = await start(at("keys.json"));
  assert.equal(await statusOf(gateway, "first-secret"), 200);
  await Deno.symlink("two", at("..data_tmp"));
  await Deno.rename(at("..data_tmp"), at("..data"));
  await untilStatus(gateway, "second-secret", 200);
  assert.equal(await statusOf(gateway, "first-secret"), 401);
  const text = await Deno.readTextFile(at("keys.json"));
  const digest = (secret: string) => digestOfSecret(secret).toString("hex");
  const edited = text.replace(digest("second-secret"), digest("third-secret-"));
  await Deno.writeTextFile(at("keys.json"), edited); // The same size, soon after.
  await untilStatus(gateway, "third-secret-", 200);
  assert.equal(await statusOf(gateway, "second-secret"), 401);
});

Deno.test("a broken edit is logged with its line, and the keys before it stay in force", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  await write(file, entry("desk", "desk-secret"));
  await using gateway = await start(file);
  await using client = await V1Client.connect(gateway.wsUrl, { apiKey: "desk-secret" });
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.replace('"subscribe"', '"subscrib"'));
  const faultOf = (line: LogLine) => (line["properties"] as LogLine | undefined)?.["fault"];
  const line = await gateway.log("the refusal", (line) => faultOf(line) !== undefined);
  assert.match(String(faultOf(line)), /keys\.json:7: keys\[0\]\.scopes\[0\]: unknown scope/);
  await client.heartbeat();
  assert.equal(await statusOf(gateway, "desk-secret"), 200);
  await Deno.writeTextFile(file, '{"version": 1, "keys": []}');
  assert.equal((await client.closed).code, 4401);
});

Deno.test("SIGHUP reads the keys, and a start with a broken file fails with its line", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  await write(file, entry("desk", "desk-secret"));
  await using gateway = await start(file);
  gateway.signal("SIGHUP");
  await gateway.log("the reading", ({ message }) => /SIGHUP: keys read/.test(String(message)));
  await Deno.writeTextFile(file, '{\n"version": 1\n"keys": []\n}');
  const env = { TELEMETRY_KEYS_FILE: file };
  const { code, output } = await GatewayProcess.startAndEnd({ env });
  assert.equal(code, 1, output);
  assert.match(output, /error: .*keys\.json:3: not JSON/);
});

Deno.test("a key that expires ends its connections, and is refused from then on", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  const expiresAt = new Date(Date.now() + 4_000).toISOString();
  await write(file, entry("guest", "guest-secret", { expiresAt }), entry("desk", "desk-secret"));
  await using gateway = await start(file);
  await using guest = await V1Client.connect(gateway.wsUrl, { apiKey: "guest-secret" });
  await using desk = await V1Client.connect(gateway.wsUrl, { apiKey: "desk-secret" });
  const { code } = await guest.closed;
  const lateMs = Date.now() - Date.parse(expiresAt);
  assert.equal(code, 4401);
  assert.ok(lateMs >= 0 && lateMs < 1_000, `${lateMs} ms after its time`);
  assert.equal(await statusOf(gateway, "guest-secret"), 401);
  await desk.heartbeat();
});

Deno.test("a narrowed key loses subscriptions in v2, the connection in v1, and nothing else", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  await write(file, entry("desk", "desk-secret"));
  await using gateway = await start(file);
  const apiKey = "desk-secret";
  await using v1 = await V1Client.connect(gateway.wsUrl, { apiKey, channels: ["positions"] });
  await using kept = await V1Client.connect(gateway.wsUrl, { apiKey, channels: ["market-data"] });
  await using v2 = await V2Client.connect(gateway.wsUrl, {
    apiKey,
    channels: ["positions", "market-data"],
  });
  await write(file, entry("desk", "desk-secret", { channels: ["market-data"] }));
  assert.equal((await v1.closed).code, 1001);
  const error = await v2.waitForType("error");
  assert.deepEqual([error.code, error.channel], ["scope_changed", "positions"]);
  await kept.heartbeat();
  assert.equal(await statusOf(gateway, apiKey), 403);
  await write(file, entry("desk", "desk-secret"));
  await untilStatus(gateway, apiKey, 200);
});

Deno.test("commands and REST that write at the same time lose nothing", async () => {
  using directory = new TempDir();
  const file = join(directory.path, "keys.json");
  await using gateway = await start(file);
  const byCommand = ["a", "b", "c"].map((name) =>
    keys(file, "create", `cli-${name}`, "--scopes", "subscribe")
  );
  const byRest = Array.from({ length: 20 }, async (_, at) => {
    const response = await fetch(`${gateway.url}/api/v1/keys`, {
      method: "POST",
      headers: { "X-API-Key": gateway.apiKey, "Content-Type": "application/json" },
      body: JSON.stringify({ name: `rest-${at}`, scopes: ["subscribe"] }),
    });
    assert.equal(response.status, 201, await response.text());
  });
  await Promise.all([...byCommand, ...byRest]);
  const list = JSON.parse((await keys(file, "list", "--json")).out);
  assert.equal(list.length, 23);
});
