/**
 * From flags, environment and file to a configuration, or to one line that says why not.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Config } from "../../../protocol/config.ts";
import { CONFIG_OPTIONS } from "../../../protocol/config/options.ts";
import { EXIT } from "../../../routes/cli/exit_codes.ts";
import type { Settings } from "../../../routes/cli/load_config.ts";
import { type ProgramOptions, type ProgramResult, runInProcess } from "../../support/program.ts";

/** A key that is long enough for any address. */
const LONG_KEY = "0123456789abcdef";

/** What a test says of the surroundings; the rest is empty. */
type Given = Partial<Omit<ProgramOptions, "readFile">> & { readonly file?: unknown };

async function load({ file, ...given }: Given): Promise<ProgramResult> {
  const readFile = () => typeof file === "string" ? file : JSON.stringify(file);
  const args = file === undefined ? [] : ["--config", "telemetry.json"];
  return await runInProcess({ readFile, ...given, args: [...given.args ?? [], ...args] });
}

async function started(given: Given): Promise<Settings> {
  const { serve, errors } = await load(given);
  if (serve === undefined) assert.fail(errors.join("\n"));
  return serve;
}

/** The line that refuses a start, without the `error: ` before it. */
async function refusal(given: Given, code: number = EXIT.config): Promise<string> {
  const result = await load(given);
  assert.deepEqual([result.serve, result.out, result.errors.length], [undefined, "", 1]);
  const line = result.errors[0]!;
  assert.equal(result.code, code, line);
  assert.match(line, /^error: [^\n]*$/);
  return line.slice("error: ".length);
}

Deno.test("nothing said gives the defaults and no key", async () => {
  assert.deepEqual(await started({}), { config: Config.parse({}), ignoredVariables: [] });
});

Deno.test("flags go before the environment, the environment before the file", async () => {
  const file = { server: { port: 1, maxBatchEvents: 11 }, telemetry: { replayLimit: 12 } };
  const env = { TELEMETRY_PORT: "2", TELEMETRY_MAX_BATCH_EVENTS: "22" };
  const { server, telemetry } = (await started({ file, env, args: ["--port", "3"] })).config;
  assert.deepEqual([server.port, server.maxBatchEvents, telemetry.replayLimit], [3, 22, 12]);
});

Deno.test("the file is named by flag or environment, the flag first", async () => {
  const paths: string[] = [];
  const readFile = (path: string) => (paths.push(path), "{}");
  const env = { TELEMETRY_CONFIG: "from_env.json" };
  await runInProcess({ args: [], env, readFile });
  await runInProcess({ args: ["--config=from_flag.json"], env, readFile });
  await runInProcess({ args: [], env: { TELEMETRY_CONFIG: "" }, readFile });
  assert.deepEqual(paths, ["from_env.json", "from_flag.json"]);
});

Deno.test("flags come in all their forms, the last of a name counts", async () => {
  const args = [
    "--port=1",
    "--port",
    "2",
    "--demo",
    "--no-allow-query-api-key",
    "--drain-seconds=1.5",
  ];
  const { server, demo, security } = (await started({ args })).config;
  assert.deepEqual([server.port, server.drainSeconds], [2, 1.5]);
  assert.deepEqual([demo.enabled, security.allowQueryApiKey], [true, false]);
  assert.equal((await started({ args: ["--demo", "--demo=false"] })).config.demo.enabled, false);
});

Deno.test("lists are separated by commas, in flags and in the environment", async () => {
  const env = { TELEMETRY_PUBLIC_HOSTS: "a.example, b.example:81,", TELEMETRY_DEMO: "TRUE" };
  const { server, demo } = (await started({ env })).config;
  assert.deepEqual(server.publicHosts, ["a.example", "b.example:81"]);
  assert.equal(demo.enabled, true);
});

Deno.test("an empty variable counts as unset", async () => {
  const env = { TELEMETRY_PORT: "", TELEMETRY_API_KEY: "" };
  assert.deepEqual(await started({ env }), {
    config: Config.parse({}),
    ignoredVariables: [],
  });
});

Deno.test("the key comes from the environment, the new name first", async () => {
  assert.equal((await started({ env: { FMPS_API_KEY: "old" } })).apiKey, "old");
  assert.equal(
    (await started({ env: { FMPS_API_KEY: "old", TELEMETRY_API_KEY: "new" } })).apiKey,
    "new",
  );
});

Deno.test("the key for metrics comes under the name that deployed machines have", async () => {
  const settings = await started({ env: { FMPS_METRICS_API_KEY: "scrape" } });
  assert.deepEqual([settings.metricsApiKey, settings.apiKey], ["scrape", undefined]);
});

Deno.test("a short key is refused where other machines can guess, by the name of its variable", async () => {
  const args = ["--host", "0.0.0.0"];
  for (const name of ["TELEMETRY_API_KEY", "FMPS_API_KEY", "FMPS_METRICS_API_KEY"]) {
    const env = { TELEMETRY_API_KEY: LONG_KEY, [name]: LONG_KEY.slice(1) };
    if (name === "FMPS_API_KEY") env.TELEMETRY_API_KEY = "";
    const line = await refusal({ args, env });
    assert.match(line, new RegExp(`the key in ${name} has fewer than 16 characters`));
    assert.doesNotMatch(line, /123456789/);
    await started({ args: [], env });
  }
  assert.equal((await started({ args, env: { TELEMETRY_API_KEY: LONG_KEY } })).apiKey, LONG_KEY);
});

Deno.test("a keys file that is named or exists is enough to listen on any address", async () => {
  const args = ["--host", "0.0.0.0"];
  assert.match(await refusal({ args }), /no key is configured: .*keys create/);
  const metrics = { FMPS_METRICS_API_KEY: LONG_KEY };
  assert.match(await refusal({ args, env: metrics }), /no key is configured/);
  await started({ args, env: { TELEMETRY_KEYS_FILE: "keys.json" } });
  const asked: string[] = [];
  const exists = (path: string) => (asked.push(path), path === "/srv/keys.json");
  await started({ args: [...args, "--data-dir", "/srv"], exists });
  assert.deepEqual(asked, ["/srv/keys.json"]);
});

Deno.test("a keys file that the permissions do not cover is named with its variable", async () => {
  const mayAccess = (_access: string, path: string) => path !== "/etc/keys.json";
  const line = await refusal({ env: { TELEMETRY_KEYS_FILE: "/etc/keys.json" }, mayAccess });
  assert.match(line, /^security\.keysFile: .*does not cover \/etc\/keys\.json .*deno task start/);
});

Deno.test("a key that no header can carry is refused without being repeated", async () => {
  const line = await refusal({ env: { TELEMETRY_API_KEY: "se cret" } });
  assert.match(line, /^TELEMETRY_API_KEY: /);
  assert.doesNotMatch(line, /se cret/);
});

Deno.test("a key as a flag or in the file is refused with the right place, and not repeated", async () => {
  for (
    const args of [["--api-key", "secret"], ["--api-key=secret"], ["--telemetry-api-key=secret"]]
  ) {
    const line = await refusal({ args }, EXIT.usage);
    assert.match(
      line,
      /unknown option; a key is never a flag.*TELEMETRY_API_KEY in the environment/,
    );
    assert.doesNotMatch(line, /secret/);
  }
  const line = await refusal({ file: { security: { apiKey: "secret" } } });
  assert.match(line, /security\.apiKey in the file telemetry\.json: .*TELEMETRY_API_KEY/);
  assert.doesNotMatch(line, /secret/);
});

const REFUSALS: readonly (readonly [given: Given, line: RegExp])[] = [
  [
    { args: ["--port", "99999"] },
    /^server\.port: 99999 from the flag --port is not allowed; expected an integer from 0 to 65535$/,
  ],
  [{ args: ["--port", "http"] }, /^server\.port: "http" from the flag --port/],
  [{ args: ["--port", "0x10"] }, /^server\.port: "0x10" from/],
  [{ args: ["--port", "1.5"] }, /^server\.port: 1\.5 from/],
  [
    { args: ["--demo=maybe"] },
    /^demo\.enabled: "maybe" from the flag --demo is not allowed; expected true or false$/,
  ],
  [
    { env: { TELEMETRY_PROT: "1" } },
    /^TELEMETRY_PROT: unknown environment variable; did you mean TELEMETRY_PORT\?$/,
  ],
  [{ env: { TELEMETRY_APIKEY: "1" } }, /did you mean TELEMETRY_API_KEY\?$/],
  [
    { env: { TELEMETRY_STORE: "redis" } },
    /^store\.kind: "redis" from the environment variable TELEMETRY_STORE is not allowed; expected sqlite, memory$/,
  ],
  [
    { env: { TELEMETRY_ANONYMOUS_SCOPES: "subscribe,admin" } },
    /^security\.anonymousScopes: \["subscribe","admin"\] .* expected a list of: subscribe$/,
  ],
  [
    { file: { server: { prot: 1 } } },
    /^server\.prot in the file telemetry\.json: unknown option; did you mean server\.port\?$/,
  ],
  [
    { file: { port: 1 } },
    /^port in the file telemetry\.json: unknown option; did you mean server\.port\?$/,
  ],
  [{ file: { sever: {} } }, /did you mean server\?$/],
  [
    { file: { server: { port: "80" } } },
    /^server\.port: "80" from the file telemetry\.json is not allowed/,
  ],
  [{ file: { server: 1 } }, /^server in the file telemetry\.json: expected an object$/],
  [{ file: "[]" }, /^everything in the file telemetry\.json: expected an object$/],
  [{ file: '{\n"a": secret }' }, /^telemetry\.json: the file is not JSON/],
  [{ file: { server: { port: -1 } }, args: ["--port", "80"] }, /^server\.port: -1 from the file/],
];

for (const [given, line] of REFUSALS) {
  Deno.test(`${JSON.stringify(given)} is refused with one line that says why`, async () => {
    assert.match(await refusal(given), line);
  });
}

Deno.test("a file that is no JSON is not quoted", async () => {
  assert.doesNotMatch(await refusal({ file: '{\n"a": secret }' }), /secret/);
});

Deno.test("contradicting options are named with where each came from", async () => {
  const line = await refusal({ env: { TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "60" } });
  assert.match(
    line,
    /heartbeatTimeoutSeconds = 45 \(default\) with .*IntervalSeconds = 60 \(environment variable TELEMETRY_HEARTBEAT_INTERVAL_SECONDS\): the timeout must/,
  );
});

Deno.test("another host than loopback needs a key", async () => {
  const args = ["--host", "0.0.0.0"];
  assert.match(
    await refusal({ args }),
    /server\.host = "0\.0\.0\.0" \(flag --host\): .*TELEMETRY_API_KEY/,
  );
  assert.equal(
    (await started({ args, env: { TELEMETRY_API_KEY: LONG_KEY } })).config.server.host,
    "0.0.0.0",
  );
});

Deno.test("anonymous access off loopback is refused until it is allowed", async () => {
  const env = { TELEMETRY_API_KEY: LONG_KEY, TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };
  const args = ["--host", "0.0.0.0"];
  assert.match(await refusal({ env, args }), /security\.allowAnonymousRemote/);
  await started({ env, args: [...args, "--allow-anonymous-remote"] });
});

Deno.test("a file that is missing or unreadable is named with the flag that asked for it", async () => {
  const failing = (error: Error) => () => {
    throw error;
  };
  const message = async (error: Error) => {
    const { errors } = await runInProcess({
      args: ["--config", "x.json"],
      readFile: failing(error),
    });
    return errors.join();
  };
  assert.equal(
    await message(new Deno.errors.NotFound("")),
    "error: --config: x.json: no such file",
  );
  assert.match(
    await message(new Deno.errors.PermissionDenied("")),
    /cannot be read \(PermissionDenied\)/,
  );
  assert.match(
    await message(new Deno.errors.NotCapable("")),
    /set TELEMETRY_CONFIG in the environment/,
  );
});

Deno.test("a path that the permissions do not cover is answered by what to set", async () => {
  const mayAccess = () => false;
  const byFlag = await refusal({ mayAccess, args: ["--data-dir", "/srv/x"] });
  assert.match(byFlag, /^store\.dataDir: .* \/srv\/x \(from the flag --data-dir\)/);
  assert.match(
    byFlag,
    /set TELEMETRY_DATA_DIR in the environment .*--allow-read=\/srv\/x --allow-write=\/srv\/x/,
  );
  assert.match(await refusal({ mayAccess }), /from the default\); start with deno task start/);
  assert.match(
    await refusal({ mayAccess, args: ["--config", "/etc/t.json"] }),
    /set TELEMETRY_CONFIG/,
  );
  assert.match(await refusal({ mayAccess, args: ["--data-dir", "a,b"] }), /without a comma/);
});

Deno.test("with a key of its own and a store in memory the gateway needs no data directory", async () => {
  const mayAccess = () => false;
  const env = { TELEMETRY_API_KEY: "k" };
  await started({ mayAccess, env: { ...env, TELEMETRY_STORE: "memory" } });
  assert.match(await refusal({ mayAccess, env }), /^store\.dataDir: /);
});

Deno.test("what the machine says of itself is a default: the file goes before it", async () => {
  const machine = { bootId: "b-1", fileDescriptorLimit: 1_024 };
  const { server, store } = (await started({ machine })).config;
  assert.deepEqual([store.bootId, server.fileDescriptorLimit], ["b-1", 1_024]);
  const file = { server: { fileDescriptorLimit: 9 } };
  const env = { TELEMETRY_BOOT_ID: "b-2" };
  const set = (await started({ machine, file, env })).config;
  assert.deepEqual([set.store.bootId, set.server.fileDescriptorLimit], ["b-2", 9]);
});

Deno.test("config print prints a file that gives the same configuration, without the key", async () => {
  const env = { TELEMETRY_API_KEY: "s3cret", TELEMETRY_PUBLIC_HOSTS: "a.example" };
  const args = ["--port", "9", "--demo"];
  const { out, code } = await load({ env, args: ["config", "print", ...args] });
  assert.equal(code, 0);
  assert.doesNotMatch(out, /s3cret/);
  assert.deepEqual((await started({ file: out })).config, (await started({ env, args })).config);
});

Deno.test("config print leaves out the boot id, which would outlast the boot in a file", async () => {
  const machine = { bootId: "b-1", fileDescriptorLimit: 1_024 };
  const { out } = await load({ machine, args: ["config", "print"] });
  assert.deepEqual(Config.parse(JSON.parse(out)), Config.parse({}));
});

Deno.test("config check reads the keys file as a start does", async () => {
  const check = async (text: string) => {
    const { code, errors } = await runInProcess({
      args: ["config", "check", "--host", "0.0.0.0", "--data-dir", "/srv"],
      exists: (path) => path === "/srv/keys.json",
      readFile: () => text,
    });
    return [code, ...errors];
  };
  assert.deepEqual(await check('{"version": 1, "keys": []}'), [0]);
  const [code, error] = await check('{\n"version": 1,\n"keys": [{}]}');
  assert.equal(code, EXIT.failed);
  assert.match(String(error), /\/srv\/keys\.json:3: keys\[0\]/);
});

Deno.test("config check says whether a gateway would start, whatever this process may access", async () => {
  const mayAccess = () => false;
  const good = await load({ mayAccess, args: ["config", "check", "--port", "9"] });
  assert.deepEqual([good.code, good.errors], [0, []]);
  assert.equal(good.out, "the configuration is valid: 127.0.0.1:9, data in ./data\n");
  const bad = await load({ args: ["config", "check", "--host", "0.0.0.0"] });
  assert.deepEqual([bad.code, bad.out], [EXIT.config, ""]);
  assert.match(bad.errors[0]!, /^error: server\.host = "0\.0\.0\.0" .*TELEMETRY_API_KEY/);
});

Deno.test("no arguments and no environment make it throw", async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--port", "--demo", "--", "-", "--=", "--config", "=", "--host=", "__proto__"),
    fc.constantFrom(...CONFIG_OPTIONS.map(({ flag }) => flag)),
    fc.constantFrom("serve", "tail", "tape", "config", "print", "check", "epoch", "help", "--help"),
  );
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom(...CONFIG_OPTIONS.map(({ variable }) => variable)),
  );
  const given = [fc.array(word), fc.dictionary(names, fc.string()), fc.json()] as const;
  await fc.assert(fc.asyncProperty(...given, async (args, env, file) => {
    const result = await runInProcess({ args, env, readFile: () => file });
    if (result.code !== 0) assert.match(result.errors.join("\n"), /^error: [^\n]+$/);
    if (result.serve !== undefined) {
      assert.deepEqual(Config.parse(result.serve.config), result.serve.config);
    }
  }));
});
