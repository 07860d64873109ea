/**
 * What `deno task start` grants, and that the task really does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { projectPath } from "../../support/paths.ts";
import { KEYS_FILE_COMPANIONS } from "../../../routes/auth/keys/keys_file.ts";
import { Config } from "../../../protocol/config.ts";
import {
  DEFAULT_DATA_DIR,
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
  assert.equal(grantedPaths(sources({})), "./data");
  assert.equal(grantedPaths(sources({ TELEMETRY_DATA_DIR: "" })), "./data");
  assert.equal(DEFAULT_DATA_DIR, Config.parse({}).store.dataDir);
});

Deno.test("the data directory and the configuration file are granted", () => {
  const given = sources({ TELEMETRY_DATA_DIR: "/srv/a b", TELEMETRY_CONFIG: "t.json" });
  assert.equal(grantedPaths(given), "/srv/a b,t.json");
});

Deno.test("a configuration file in the data directory needs no grant of its own", () => {
  const given = sources({ TELEMETRY_DATA_DIR: "./d", TELEMETRY_CONFIG: "d/x/t.json" });
  assert.equal(grantedPaths(given), "./d");
  const beside = sources({ TELEMETRY_DATA_DIR: "./d", TELEMETRY_CONFIG: "d2/t.json" });
  assert.equal(grantedPaths(beside), "./d,d2/t.json");
});

Deno.test("the data directory of the file counts when the environment names none", () => {
  const files = { "t.json": '{"store": {"dataDir": "/srv/file"}}' };
  assert.equal(grantedPaths(sources({ TELEMETRY_CONFIG: "t.json" }, files)), "/srv/file,t.json");
  const both = { TELEMETRY_CONFIG: "t.json", TELEMETRY_DATA_DIR: "/srv/env" };
  assert.equal(grantedPaths(sources(both, files)), "/srv/env,t.json");
});

Deno.test("certificate and key are granted, by their variables or by the file", () => {
  const env = { TELEMETRY_TLS_CERT: "/etc/desk.crt", TELEMETRY_TLS_KEY: "data/desk.key" };
  assert.equal(grantedPaths(sources(env)), "./data,/etc/desk.crt");
  const files = { "t.json": '{"server": {"tlsCert": "/etc/a.crt", "tlsKey": "/etc/a.key"}}' };
  const given = sources({ TELEMETRY_CONFIG: "t.json" }, files);
  assert.equal(grantedPaths(given), "./data,t.json,/etc/a.crt,/etc/a.key");
});

Deno.test("the keys file is granted with what is written beside it, unless its directory is", () => {
  const named = { TELEMETRY_DATA_DIR: "/srv/d", TELEMETRY_KEYS_FILE: "/etc/k.json" };
  const granted = "/srv/d,/etc/k.json,/etc/k.json.new,/etc/k.json.lock";
  assert.equal(grantedPaths(sources(named)), granted);
  const within = { TELEMETRY_DATA_DIR: "/srv/d", TELEMETRY_KEYS_FILE: "/srv/d/k.json" };
  assert.equal(grantedPaths(sources(within)), "/srv/d");
  const files = { "t.json": '{"security": {"keysFile": "/etc/k.json"}}' };
  const inFile = { TELEMETRY_DATA_DIR: "/srv/d", TELEMETRY_CONFIG: "t.json" };
  assert.equal(
    grantedPaths(sources(inFile, files)),
    "/srv/d,t.json,/etc/k.json,/etc/k.json.new,/etc/k.json.lock",
  );
  assert.deepEqual(KEYS_FILE_COMPANIONS, [".new", ".lock"]);
});

Deno.test("a file that makes no sense is left to the gateway", () => {
  for (const text of ["", "null", "7", '{"store": {"dataDir": 7}}', '{"store": null}']) {
    const given = sources({ TELEMETRY_CONFIG: "t.json" }, { "t.json": text });
    assert.equal(grantedPaths(given), "./data,t.json", text);
  }
});

Deno.test("a path with a comma grants neither itself nor its halves", () => {
  assert.equal(grantedPaths(sources({ TELEMETRY_DATA_DIR: "/srv/a,/etc" })), "./data");
  const given = sources({ TELEMETRY_DATA_DIR: "/srv/a,/etc", TELEMETRY_CONFIG: "t.json" });
  assert.equal(grantedPaths(given), "t.json");
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

Deno.test("deno task start refuses a path by flag that it could not grant, with one line", async () => {
  const { code, stderr } = await taskStart(["--data-dir", "/somewhere/else"], {});
  assert.equal(code, 78);
  // Before it stands what the build of the pages prints.
  const errors = stderr.split("\n").filter((line) => !/^(Task|pages) /.test(line) && line !== "");
  assert.equal(errors.length, 1, stderr);
  assert.match(
    errors[0]!,
    /^error: store\.dataDir: .*set TELEMETRY_DATA_DIR in the environment.*$/,
  );
});

Deno.test("deno task start runs two helpers, and one list of paths grants reading and writing", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(projectPath("deno.json")));
  const helpers = tasks.start.command.match(/\$\(deno [^)]*\)/g);
  assert.deepEqual(helpers, [
    "$(deno run -RE routes/cli/permissions.ts)",
    "$(deno run -A routes/cli/machine_facts.ts)",
  ]);
});

/** Runs code with grants, and takes the last line that it prints. */
async function withGrants(grants: readonly string[], code: string): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, code);
  try {
    const args = ["run", "--no-prompt", "--no-check", ...grants, path];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { NO_COLOR: "1" },
      cwd: projectPath("."),
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return decode(stdout) || decode(stderr);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a keys file elsewhere is made and edited with the grants of the start task", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/keys.json`;
  const url = (file: string) => JSON.stringify(pathToFileURL(projectPath(file)).href);
  const code = `
    import { createKey } from ${url("protocol/keys/edits.ts")};
    import { editKeysFile, makeSecret } from ${url("routes/auth/keys/edit_keys_file.ts")};
    import { DiskKeysFile } from ${url("routes/auth/keys/keys_file.ts")};
    const file = new DiskKeysFile(${JSON.stringify(path)});
    for (const name of ["one", "two"]) {
      const { record } = makeSecret(0);
      const edit = createKey({ name, scopes: ["subscribe"] }, record, 0);
      const keys = await editKeysFile(file, edit);
      console.log(keys.map((key) => key.name).join());
    }`;
  try {
    const paths = grantedPaths(sources({ TELEMETRY_KEYS_FILE: path }));
    const config = `--config=${projectPath("deno.json")}`;
    const grants = [config, `--allow-read=${paths}`, `--allow-write=${paths}`];
    assert.equal(await withGrants(grants, code), "one\none,two");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the gateway gives the permission to write its configuration file back, and no other", async () => {
  const state = (dataDir: string, file: string) => `
    import { giveBackWriting } from ${
    JSON.stringify(pathToFileURL(projectPath("routes/cli/permissions.ts")).href)
  };
    giveBackWriting(${JSON.stringify(dataDir)}, ${JSON.stringify(file)});
    const may = (path) => Deno.permissions.querySync({ name: "write", path }).state === "granted";
    console.log(may(${JSON.stringify(`${dataDir}/x`)}), may(${JSON.stringify(file)}));`;
  const cases: readonly (readonly [grant: string, dataDir: string, file: string, may: string])[] = [
    ["--allow-write=/srv/a b,/etc/t.json", "/srv/a b", "/etc/t.json", "true false"],
    ["--allow-write=/srv/d", "/srv/d", "/srv/d/t.json", "true true"],
    ["--allow-write", "/srv/d", "/etc/t.json", "true true"],
  ];
  for (const [grant, dataDir, file, may] of cases) {
    assert.equal(await withGrants([grant, "--allow-read=/nowhere"], state(dataDir, file)), may);
  }
});
