/**
 * From flags, environment and file to a configuration, or to one line that says why not.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Config } from "../../../protocol/config.ts";
import { CONFIG_OPTIONS } from "../../../protocol/config/options.ts";
import { type Command, loadConfig, type Surroundings } from "../../../routes/cli/load_config.ts";

/** What a test says of the surroundings; the rest is empty. */
type Given = Partial<Omit<Surroundings, "readFile">> & { readonly file?: unknown };

function load({ file, ...given }: Given): Command {
  const readFile = () => typeof file === "string" ? file : JSON.stringify(file);
  const args = file === undefined ? [] : ["--config", "telemetry.json"];
  return loadConfig({
    env: {},
    version: "1.2.3",
    readFile,
    ...given,
    args: [...args, ...given.args ?? []],
  });
}

function started(given: Given): { config: Config; apiKey?: string } {
  const command = load(given);
  if (command.kind === "refuse") assert.fail(command.error.message);
  assert.equal(command.kind, "start");
  return command as Extract<Command, { kind: "start" }>;
}

function refusal(given: Given): string {
  const command = load(given);
  assert.equal(command.kind, "refuse");
  const { message } = (command as Extract<Command, { kind: "refuse" }>).error;
  assert.doesNotMatch(message, /\n/);
  return message;
}

function printed(given: Given): string {
  const command = load(given);
  assert.equal(command.kind, "print");
  return (command as Extract<Command, { kind: "print" }>).text;
}

Deno.test("nothing said gives the defaults and no key", () => {
  assert.deepEqual(started({}), { kind: "start", config: Config.parse({}), ignoredVariables: [] });
});

Deno.test("flags go before the environment, the environment before the file", () => {
  const file = { server: { port: 1, maxBatchEvents: 11 }, telemetry: { replayLimit: 12 } };
  const env = { TELEMETRY_PORT: "2", TELEMETRY_MAX_BATCH_EVENTS: "22" };
  const { server, telemetry } = started({ file, env, args: ["--port", "3"] }).config;
  assert.deepEqual([server.port, server.maxBatchEvents, telemetry.replayLimit], [3, 22, 12]);
});

Deno.test("the file is named by flag or environment, the flag first", () => {
  const paths: string[] = [];
  const readFile = (path: string) => (paths.push(path), "{}");
  const env = { TELEMETRY_CONFIG: "from_env.json" };
  loadConfig({ args: [], env, readFile, version: "1" });
  loadConfig({ args: ["--config=from_flag.json"], env, readFile, version: "1" });
  loadConfig({ args: [], env: { TELEMETRY_CONFIG: "" }, readFile, version: "1" });
  assert.deepEqual(paths, ["from_env.json", "from_flag.json"]);
});

Deno.test("flags come in all their forms, the last of a name counts", () => {
  const args = [
    "--port=1",
    "--port",
    "2",
    "--demo",
    "--no-allow-query-api-key",
    "--drain-seconds=1.5",
  ];
  const { server, demo, security } = started({ args }).config;
  assert.deepEqual([server.port, server.drainSeconds], [2, 1.5]);
  assert.deepEqual([demo.enabled, security.allowQueryApiKey], [true, false]);
  assert.equal(started({ args: ["--demo", "--demo=false"] }).config.demo.enabled, false);
});

Deno.test("lists are separated by commas, in flags and in the environment", () => {
  const env = { TELEMETRY_PUBLIC_HOSTS: "a.example, b.example:81,", TELEMETRY_DEMO: "TRUE" };
  const { server, demo } = started({ env }).config;
  assert.deepEqual(server.publicHosts, ["a.example", "b.example:81"]);
  assert.equal(demo.enabled, true);
});

Deno.test("an empty variable counts as unset", () => {
  const env = { TELEMETRY_PORT: "", TELEMETRY_API_KEY: "" };
  assert.deepEqual(started({ env }), {
    kind: "start",
    config: Config.parse({}),
    ignoredVariables: [],
  });
});

Deno.test("the key comes from the environment, the new name first", () => {
  assert.equal(started({ env: { FMPS_API_KEY: "old" } }).apiKey, "old");
  assert.equal(started({ env: { FMPS_API_KEY: "old", TELEMETRY_API_KEY: "new" } }).apiKey, "new");
});

Deno.test("a key that no header can carry is refused without being repeated", () => {
  const line = refusal({ env: { TELEMETRY_API_KEY: "se cret" } });
  assert.match(line, /^TELEMETRY_API_KEY: /);
  assert.doesNotMatch(line, /se cret/);
});

Deno.test("a key as a flag or in the file is refused with the right place, and not repeated", () => {
  for (
    const args of [["--api-key", "secret"], ["--api-key=secret"], ["--telemetry-api-key=secret"]]
  ) {
    const line = refusal({ args });
    assert.match(line, /unknown flag; a key is never a flag.*TELEMETRY_API_KEY in the environment/);
    assert.doesNotMatch(line, /secret/);
  }
  const line = refusal({ file: { security: { apiKey: "secret" } } });
  assert.match(line, /security\.apiKey in the file telemetry\.json: .*TELEMETRY_API_KEY/);
  assert.doesNotMatch(line, /secret/);
});

const REFUSALS: readonly (readonly [given: Given, line: RegExp])[] = [
  [{ args: ["--prot", "1"] }, /^--prot: unknown flag; did you mean --port\?$/],
  [{ args: ["--zzzzzzzzz"] }, /^--zzzzzzzzz: unknown flag; --help lists them all$/],
  [{ args: ["--no-port"] }, /^--no-port: unknown flag/],
  [{ args: ["--no-demo=true"] }, /^--no-demo: takes no value$/],
  [{ args: ["--print-config=x"] }, /^--print-config: takes no value$/],
  [{ args: ["--port"] }, /^--port: needs a value; expected an integer from 0 to 65535$/],
  [{ args: ["--host", "--demo"] }, /^--host: needs a value/],
  [{ args: ["--config"] }, /^--config: needs a value; expected the path of a file$/],
  [{ args: ["8080"] }, /^8080: unexpected argument/],
  [{ args: ["-p", "1"] }, /^-p: unknown flag/],
  [
    { args: ["--port", "99999"] },
    /^server\.port: 99999 from the flag --port is not allowed; expected an integer from 0 to 65535$/,
  ],
  [{ args: ["--port", "http"] }, /^server\.port: "http" from the flag --port/],
  [{ args: ["--port", "0x10"] }, /^server\.port: "0x10" from/],
  [{ args: ["--port", "1.5"] }, /^server\.port: 1\.5 from/],
  [{ args: ["--seed", "1"] }, /did you mean --demo-seed/],
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
  Deno.test(`${JSON.stringify(given)} is refused with one line that says why`, () => {
    assert.match(refusal(given), line);
  });
}

Deno.test("a file that is no JSON is not quoted", () => {
  assert.doesNotMatch(refusal({ file: '{\n"a": secret }' }), /secret/);
});

Deno.test("contradicting options are named with where each came from", () => {
  const line = refusal({ env: { TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: "60" } });
  assert.match(
    line,
    /heartbeatTimeoutSeconds = 45 \(default\) with .*IntervalSeconds = 60 \(environment variable TELEMETRY_HEARTBEAT_INTERVAL_SECONDS\): the timeout must/,
  );
});

Deno.test("another host than loopback needs a key", () => {
  const args = ["--host", "0.0.0.0"];
  assert.match(
    refusal({ args }),
    /server\.host = "0\.0\.0\.0" \(flag --host\): .*TELEMETRY_API_KEY/,
  );
  assert.equal(started({ args, env: { TELEMETRY_API_KEY: "k" } }).config.server.host, "0.0.0.0");
});

Deno.test("anonymous access off loopback is refused until it is allowed", () => {
  const env = { TELEMETRY_API_KEY: "k", TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };
  const args = ["--host", "0.0.0.0"];
  assert.match(refusal({ env, args }), /security\.allowAnonymousRemote/);
  started({ env, args: [...args, "--allow-anonymous-remote"] });
});

Deno.test("a file that is missing or unreadable is named with the flag that asked for it", () => {
  const failing = (error: Error) => () => {
    throw error;
  };
  const attempt = (error: Error) =>
    loadConfig({ args: ["--config", "x.json"], env: {}, readFile: failing(error), version: "1" });
  const message = (error: Error) => {
    const command = attempt(error);
    return command.kind === "refuse" ? command.error.message : "";
  };
  assert.equal(message(new Deno.errors.NotFound("")), "--config: x.json: no such file");
  assert.match(
    message(new Deno.errors.PermissionDenied("")),
    /cannot be read \(PermissionDenied\)/,
  );
  assert.match(message(new Deno.errors.NotCapable("")), /set TELEMETRY_CONFIG in the environment/);
});

Deno.test("a path that the permissions do not cover is answered by what to set", () => {
  const mayAccess = () => false;
  const byFlag = refusal({ mayAccess, args: ["--data-dir", "/srv/x"] });
  assert.match(byFlag, /^store\.dataDir: .* \/srv\/x \(from the flag --data-dir\)/);
  assert.match(
    byFlag,
    /set TELEMETRY_DATA_DIR in the environment .*--allow-read=\/srv\/x --allow-write=\/srv\/x/,
  );
  assert.match(refusal({ mayAccess }), /from the default\); start with deno task start/);
  assert.match(refusal({ mayAccess, args: ["--config", "/etc/t.json"] }), /set TELEMETRY_CONFIG/);
  assert.match(refusal({ mayAccess, args: ["--data-dir", "a,b"] }), /without a comma/);
  assert.match(refusal({ mayAccess, standalone: true }), /while deno task compile runs/);
});

Deno.test("with a key of its own and a store in memory the gateway needs no data directory", () => {
  const mayAccess = () => false;
  const env = { TELEMETRY_API_KEY: "k" };
  started({ mayAccess, env: { ...env, TELEMETRY_STORE: "memory" } });
  assert.match(refusal({ mayAccess, env }), /^store\.dataDir: /);
});

Deno.test("--help names every option, its variable, default and bounds", () => {
  const text = printed({ args: ["--prot", "--help"] });
  for (const option of CONFIG_OPTIONS) {
    assert.ok(
      text.includes(`  ${option.flag}`) && text.includes(`[${option.variable}]`),
      option.path,
    );
  }
  assert.match(text, /telemetry-gateway 1\.2\.3/);
  assert.match(text, /examples:\n {2}deno task start\n/);
  assert.ok(text.split("\n").every((line) => line.length <= 100));
  assert.equal(printed({ args: ["-h"] }), text);
});

Deno.test("--version prints the version", () => {
  assert.equal(printed({ args: ["--version"] }), "telemetry-gateway 1.2.3");
});

Deno.test("--print-config prints a file that gives the same configuration, without the key", () => {
  const env = { TELEMETRY_API_KEY: "s3cret", TELEMETRY_PUBLIC_HOSTS: "a.example" };
  const args = ["--port", "9", "--demo"];
  const text = printed({ env, args: [...args, "--print-config"] });
  assert.doesNotMatch(text, /s3cret/);
  assert.deepEqual(started({ file: text }).config, started({ env, args }).config);
});

Deno.test("no arguments and no environment make it throw", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--port", "--demo", "--", "-", "--=", "--config", "=", "--host=", "__proto__"),
    fc.constantFrom(...CONFIG_OPTIONS.map(({ flag }) => flag)),
  );
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom(...CONFIG_OPTIONS.map(({ variable }) => variable)),
  );
  fc.assert(
    fc.property(fc.array(word), fc.dictionary(names, fc.string()), fc.json(), (args, env, file) => {
      const command = loadConfig({ args, env, readFile: () => file, version: "1" });
      if (command.kind === "refuse") assert.doesNotMatch(command.error.message, /\n/);
      if (command.kind === "start") assert.deepEqual(Config.parse(command.config), command.config);
    }),
  );
});
