/**
 * The options: defaults, bounds, names, and what must hold between them.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Config, effectiveMaxConnections, isLoopbackHost } from "../../protocol/config.ts";
import { CONFIG_OPTIONS, findOption } from "../../protocol/config/options.ts";
import { findConflicts, findKeyConflict } from "../../protocol/config/rules.ts";

const DEFAULTS = Config.parse({});

/** The first thing wrong with a configuration. */
function firstIssue(config: unknown): { path: string; message: string } | undefined {
  const issue = Config.safeParse(config).error?.issues[0];
  return issue && { path: issue.path.join("."), message: issue.message };
}

Deno.test("an empty configuration is the defaults of the contract", () => {
  assert.equal(DEFAULTS.server.host, "127.0.0.1");
  assert.equal(DEFAULTS.server.port, 8080);
  assert.equal(DEFAULTS.telemetry.heartbeatIntervalSeconds, 15);
  assert.equal(DEFAULTS.telemetry.heartbeatTimeoutSeconds, 45);
  assert.equal(DEFAULTS.telemetry.rateLimitPerSecond, 120);
  assert.equal(DEFAULTS.telemetry.replayLimit, 50);
  assert.equal(DEFAULTS.telemetry.ringCapacity, 4096);
  assert.equal(DEFAULTS.telemetry.flushIntervalMs, 50);
  assert.equal(DEFAULTS.store.dataDir, "./data");
  assert.equal(DEFAULTS.log.level, "info");
  assert.deepEqual(DEFAULTS.security.anonymousScopes, []);
});

Deno.test("the log format has no default, as it depends on the terminal", () => {
  assert.ok(!("format" in DEFAULTS.log));
  assert.equal(Config.parse({ log: { format: "json" } }).log.format, "json");
});

Deno.test("unknown sections and options are refused", () => {
  assert.match(firstIssue({ sever: {} })!.message, /sever/);
  assert.match(firstIssue({ server: { prot: 1 } })!.message, /prot/);
});

Deno.test("variables and flags are those of the contract", () => {
  const names = CONFIG_OPTIONS.map(({ path, variable, flag }) => `${path} ${variable} ${flag}`);
  for (
    const expected of [
      "server.host TELEMETRY_HOST --host",
      "security.anonymousScopes TELEMETRY_ANONYMOUS_SCOPES --anonymous-scopes",
      "telemetry.heartbeatIntervalSeconds TELEMETRY_HEARTBEAT_INTERVAL_SECONDS --heartbeat-interval-seconds",
      "telemetry.flushIntervalMs TELEMETRY_FLUSH_INTERVAL_MS --flush-interval-ms",
      "store.kind TELEMETRY_STORE --store",
      "store.dataDir TELEMETRY_DATA_DIR --data-dir",
      "log.level TELEMETRY_LOG_LEVEL --log-level",
      "log.format TELEMETRY_LOG_FORMAT --log-format",
      "demo.enabled TELEMETRY_DEMO --demo",
      "demo.seed TELEMETRY_DEMO_SEED --demo-seed",
    ]
  ) assert.ok(names.includes(expected), expected);
});

Deno.test("no two options share a flag or a variable", () => {
  assert.equal(new Set(CONFIG_OPTIONS.map(({ flag }) => flag)).size, CONFIG_OPTIONS.length);
  assert.equal(new Set(CONFIG_OPTIONS.map(({ variable }) => variable)).size, CONFIG_OPTIONS.length);
});

Deno.test("every option has one sentence, what is allowed, and a default within its own bounds", () => {
  for (const option of CONFIG_OPTIONS) {
    assert.match(option.description, /^[A-Z].*\.$/, option.path);
    assert.doesNotMatch(option.allowed, /undefined|9007199254740991/, option.path);
    assert.ok(option.schema.safeParse(option.default).success, option.path);
  }
});

Deno.test("every number but ports and seeds says its unit", () => {
  const bare = CONFIG_OPTIONS
    .filter(({ kind, unit }) => (kind === "integer" || kind === "number") && unit === undefined)
    .map(({ path }) => path);
  assert.deepEqual(bare, ["server.port", "demo.seed"]);
});

Deno.test("numbers are held to their bounds", () => {
  const cases = [
    ["server.port", 0, 65_535],
    ["server.maxConnections", 1, 1_000_000],
    ["server.maxBodyBytes", 1_024, 15_728_640],
    ["server.maxBatchEvents", 1, 10_000],
    ["server.drainSeconds", 1, 300],
    ["telemetry.heartbeatIntervalSeconds", 0.1, 3_600],
    ["telemetry.replayLimit", 1, 10_000],
    ["telemetry.ringCapacity", 16, 1_048_576],
    ["telemetry.flushIntervalMs", 5, 1_000],
    ["telemetry.inboundMessagesPerSecond", 1, 1_000],
  ] as const;
  for (const [path, least, most] of cases) {
    const { schema } = findOption(path)!;
    assert.ok(schema.safeParse(least).success, `${path} ${least}`);
    assert.ok(schema.safeParse(most).success, `${path} ${most}`);
    assert.ok(!schema.safeParse(least - 0.01).success, `${path} below ${least}`);
    assert.ok(!schema.safeParse(most + 1).success, `${path} above ${most}`);
    assert.ok(!schema.safeParse(String(least)).success, `${path} as text`);
  }
});

Deno.test("hosts, public hosts and origins are checked for their form", () => {
  const accepts = (path: string, value: unknown) =>
    findOption(path)!.schema.safeParse(value).success;
  for (const host of ["0.0.0.0", "::", "fe80::1%eth0", "desk.example"]) {
    assert.ok(accepts("server.host", host), host);
  }
  for (const host of ["", "[::1]", "http://x", "a b"]) {
    assert.ok(!accepts("server.host", host), host);
  }
  assert.ok(accepts("server.publicHosts", ["desk.example", "desk.example:8443", "[::1]:80"]));
  assert.ok(!accepts("server.publicHosts", ["https://desk.example"]));
  assert.ok(accepts("security.allowedOrigins", ["https://desk.example", "app://desk"]));
  for (const origin of ["desk.example", "https://desk.example/", "*", "null", "https://a b"]) {
    assert.ok(!accepts("security.allowedOrigins", [origin]), origin);
  }
  assert.ok(!accepts("security.anonymousScopes", ["publish"]));
});

Deno.test("hosts and origins are kept in lower case, as they are compared", () => {
  const { server, security } = Config.parse({
    server: { publicHosts: ["Desk.Example"] },
    security: { allowedOrigins: ["HTTPS://Desk.Example"] },
  });
  assert.deepEqual(server.publicHosts, ["desk.example"]);
  assert.deepEqual(security.allowedOrigins, ["https://desk.example"]);
});

Deno.test("the heartbeat timeout is longer than the interval", () => {
  const issue = firstIssue({ telemetry: { heartbeatIntervalSeconds: 45 } });
  assert.equal(issue?.path, "telemetry.heartbeatTimeoutSeconds");
  assert.match(issue.message, /longer than the interval/);
  assert.equal(firstIssue({ telemetry: { heartbeatIntervalSeconds: 44.9 } }), undefined);
});

Deno.test("anonymous access off loopback has to be allowed explicitly", () => {
  const open = { anonymousScopes: ["subscribe"] };
  const remote = { host: "0.0.0.0" };
  assert.equal(firstIssue({ server: remote, security: open })?.path, "security.anonymousScopes");
  assert.equal(firstIssue({ security: open }), undefined);
  assert.equal(
    firstIssue({ server: remote, security: { ...open, allowAnonymousRemote: true } }),
    undefined,
  );
});

Deno.test("without a key the gateway stays on loopback", () => {
  assert.deepEqual(findConflicts(DEFAULTS), []);
  assert.equal(findKeyConflict(DEFAULTS, false), undefined);
  const remote = Config.parse({ server: { host: "10.0.0.5" } });
  assert.deepEqual(findKeyConflict(remote, false)?.options, ["server.host"]);
  assert.equal(findKeyConflict(remote, true), undefined);
});

Deno.test("loopback is localhost, 127.0.0.0/8 and ::1, however it is written", () => {
  for (
    const host of [
      ...["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]"],
      ...["0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:127.0.0.1"],
    ]
  ) assert.ok(isLoopbackHost(host), host);
});

Deno.test("what only looks like loopback is not", () => {
  for (
    const host of [
      ...["", "0.0.0.0", "::", "128.0.0.1", "127.0.0.1.example.com", "127.0.0.256", "127.1"],
      ...[
        "localhost.example.com",
        "notlocalhost",
        "1127.0.0.1",
        "::ffff:10.0.0.1",
        "::11",
        "::1:1",
      ],
      ...["0127.0.0.1", "127.0.0.01", "127.0.0.1:80"],
    ]
  ) assert.ok(!isLoopbackHost(host), host);
});

Deno.test("every address of 127.0.0.0/8 is loopback and no other one is", () => {
  const octet = fc.nat({ max: 255 });
  fc.assert(fc.property(octet, octet, octet, octet, (a, b, c, d) => {
    assert.equal(isLoopbackHost(`${a}.${b}.${c}.${d}`), a === 127);
    assert.ok(isLoopbackHost(`127.${b}.${c}.${d}`));
  }));
});

Deno.test("connections take at most 80 % of the descriptors that are known", () => {
  const server = { ...DEFAULTS.server, maxConnections: 1_000 };
  assert.equal(effectiveMaxConnections({ ...server, fileDescriptorLimit: 0 }), 1_000);
  assert.equal(effectiveMaxConnections({ ...server, fileDescriptorLimit: 1_024 }), 819);
  assert.equal(effectiveMaxConnections({ ...server, fileDescriptorLimit: 20_000 }), 1_000);
  assert.equal(effectiveMaxConnections({ ...server, fileDescriptorLimit: 1 }), 1);
});
