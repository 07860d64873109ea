/**
 * What `deno task start` grants, and that the task really does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Config } from "../../../protocol/config.ts";
import {
  bootId,
  DEFAULT_DATA_DIR,
  descriptorLimit,
  grantedPaths,
  type GrantSources,
} from "../../../routes/cli/permissions.ts";

function sources(env: Record<string, string>, files: Record<string, string> = {}): GrantSources {
  return {
    env: (name) => env[name],
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Deno.errors.NotFound(path);
      return text;
    },
  };
}

Deno.test("nothing configured grants the default data directory", () => {
  assert.equal(grantedPaths("read", sources({})), "./data");
  assert.equal(grantedPaths("write", sources({ TELEMETRY_DATA_DIR: "" })), "./data");
  assert.equal(DEFAULT_DATA_DIR, Config.parse({}).store.dataDir);
});

Deno.test("the data directory is read and written, the configuration file only read", () => {
  const given = sources({ TELEMETRY_DATA_DIR: "/srv/a b", TELEMETRY_CONFIG: "t.json" });
  assert.equal(grantedPaths("read", given), "/srv/a b,t.json");
  assert.equal(grantedPaths("write", given), "/srv/a b");
});

Deno.test("the data directory of the file counts when the environment names none", () => {
  const files = { "t.json": '{"store": {"dataDir": "/srv/file"}}' };
  assert.equal(grantedPaths("write", sources({ TELEMETRY_CONFIG: "t.json" }, files)), "/srv/file");
  const both = { TELEMETRY_CONFIG: "t.json", TELEMETRY_DATA_DIR: "/srv/env" };
  assert.equal(grantedPaths("write", sources(both, files)), "/srv/env");
});

Deno.test("a file that makes no sense is left to the gateway", () => {
  for (const text of ["", "null", "7", '{"store": {"dataDir": 7}}', '{"store": null}']) {
    const given = sources({ TELEMETRY_CONFIG: "t.json" }, { "t.json": text });
    assert.equal(grantedPaths("read", given), "./data,t.json", text);
  }
});

Deno.test("a path with a comma grants neither itself nor its halves", () => {
  assert.equal(grantedPaths("read", sources({ TELEMETRY_DATA_DIR: "/srv/a,/etc" })), "./data");
  const given = sources({ TELEMETRY_DATA_DIR: "/srv/a,/etc", TELEMETRY_CONFIG: "t.json" });
  assert.equal(grantedPaths("read", given), "t.json");
});

Deno.test("the descriptor limit is what is configured, else the soft limit, else 0", () => {
  const limits = (soft: string) => ({
    "/proc/self/limits":
      `Max processes 1 2 processes\nMax open files            ${soft}     20000    files\n`,
  });
  assert.equal(descriptorLimit(sources({ TELEMETRY_FILE_DESCRIPTOR_LIMIT: "7" })), "7");
  assert.equal(descriptorLimit(sources({}, limits("1024"))), "1024");
  assert.equal(descriptorLimit(sources({}, limits("unlimited"))), "0");
  assert.equal(descriptorLimit(sources({}, limits("9999999999"))), "1073741824");
  assert.equal(descriptorLimit(sources({})), "0");
});

Deno.test("the boot id is what is configured, else what Linux says, else nothing", () => {
  const files = { "/proc/sys/kernel/random/boot_id": "1b4e28ba-2fa1\n" };
  assert.equal(bootId(sources({ TELEMETRY_BOOT_ID: "b7" }, files)), "b7");
  assert.equal(bootId(sources({ TELEMETRY_BOOT_ID: "" }, files)), "1b4e28ba-2fa1");
  assert.equal(bootId(sources({})), "");
});

/** Runs `deno task start` with what ends at once. */
async function taskStart(args: readonly string[], env: Record<string, string>) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start", ...args],
    // A key of whoever runs the tests would make the data directory needless.
    env: { NO_COLOR: "1", TELEMETRY_API_KEY: "", FMPS_API_KEY: "", ...env },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("deno task start grants what the environment names, and finds the descriptor limit", async () => {
  const dir = await Deno.makeTempDir({ prefix: "grant test " });
  try {
    const path = `${dir}/telemetry.json`;
    await Deno.writeTextFile(path, '{"server": {"port": 81}}');
    const env = { TELEMETRY_CONFIG: path, TELEMETRY_DATA_DIR: dir };
    const { code, stdout, stderr } = await taskStart(["--print-config"], env);
    assert.equal(code, 0, stderr);
    const config = Config.parse(JSON.parse(stdout));
    assert.deepEqual([config.server.port, config.store.dataDir], [81, dir]);
    if (Deno.build.os === "linux") assert.ok(config.server.fileDescriptorLimit > 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("deno task start refuses a path by flag that it could not grant, with one line", async () => {
  const { code, stderr } = await taskStart(["--data-dir", "/somewhere/else"], {});
  assert.equal(code, 78);
  assert.match(stderr, /^error: store\.dataDir: .*set TELEMETRY_DATA_DIR in the environment.*$/);
});
