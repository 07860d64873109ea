import assert from "node:assert/strict";
import fc from "fast-check";
import { CHANNELS } from "../../../protocol/channels.ts";
import { formatKeys, parseKeys } from "../../../protocol/keys/document.ts";
import type { KeyRecord } from "../../../protocol/keys/record.ts";
import { SCOPES } from "../../../protocol/scopes.ts";

/** A stand-in for the id of a secret: the parser takes whatever function it is given. */
const idOf = (sha256: string) => sha256.slice(56);

const DIGEST = "0123456789abcdef".repeat(4);

/** A file with one key, whose parts can be replaced. */
function file(key: string): string {
  return `{\n  "version": 1,\n  "keys": [\n${key}\n  ]\n}\n`;
}

const WHOLE = `    {
      "name": "desk",
      "scopes": ["subscribe", "acknowledge"],
      "channels": ["positions", "RISK_ALERT"],
      "traders": ["42", "43"],
      "portfolio": true,
      "rateLimitPerSecond": 60,
      "expiresAt": "2027-01-31T00:00:00+01:00",
      "secrets": [
        { "sha256": "${DIGEST}" }
      ]
    }`;

Deno.test("a keys file is read with every limit, and the id of a secret is computed", () => {
  assert.deepEqual(parseKeys(file(WHOLE), idOf), {
    ok: true,
    keys: [{
      name: "desk",
      scopes: ["subscribe", "acknowledge"],
      channels: ["positions", "risk-alerts"],
      traders: ["42", "43"],
      portfolio: true,
      rateLimitPerSecond: 60,
      expiresAt: "2027-01-31T00:00:00+01:00",
      secrets: [{ id: "89abcdef", sha256: DIGEST }],
    }],
  });
  assert.deepEqual(parseKeys('\uFEFF{"version":1,"keys":[]}', idOf), { ok: true, keys: [] });
});

const twoSecrets = (first: string, second: string) =>
  WHOLE.replace(`{ "sha256": "${DIGEST}" }`, `${first},\n        ${second}`);
const OTHER = "f".repeat(64);

const BROKEN: readonly (readonly [what: string, text: string, line: number, message: RegExp])[] = [
  ["an empty file", "", 1, /empty/],
  ["a file of spaces", "\n\n", 1, /empty/],
  ["a missing comma", file(WHOLE.replace('"desk",', '"desk"')), 6, /not JSON/],
  ["half a file", file(WHOLE).slice(0, file(WHOLE).indexOf("acknowledge")), 6, /not JSON/],
  ["a comment", file(`// desk\n${WHOLE}`), 4, /not JSON/],
  ["a list", "[]", 1, /expected object/i],
  ["a newer version", '{\n"version": 2,\n"keys": []}', 2, /version: expected 1/],
  ["no list of keys", '{\n"version": 1}', 1, /keys: /],
  [
    "a scope that does not exist",
    file(WHOLE.replace("acknowledge", "acknowlege")),
    6,
    /scopes\[1\]/,
  ],
  ["no scope", file(WHOLE.replace('"subscribe", "acknowledge"', "")), 6, /at least one scope/],
  [
    "an unknown channel",
    file(WHOLE.replace("RISK_ALERT", "x")),
    7,
    /channels\[1\]: unknown channel/,
  ],
  ["an empty list of traders", file(WHOLE.replace('"42", "43"', "")), 8, /at least one trader/],
  ["a trader that is a number", file(WHOLE.replace('"43"', "43")), 8, /traders\[1\]/],
  ["portfolio without traders", file(WHOLE.replace(/"traders".*\n/, "")), 8, /without traders/],
  ["an admin with limits", file(WHOLE.replace("acknowledge", "admin")), 6, /keys without limits/],
  ["a negative rate", file(WHOLE.replace("60", "-1")), 10, /rateLimitPerSecond/],
  ["a time without an offset", file(WHOLE.replace("+01:00", "")), 11, /offset/],
  ["a day that does not exist", file(WHOLE.replace("01-31", "02-30")), 11, /expiresAt/],
  ["a mistyped limit", file(WHOLE.replace('"channels"', '"chanels"')), 7, /chanels/],
  ["a secret in clear", file(WHOLE.replace("sha256", "secret")), 13, /secret/],
  [
    "a limit that stands twice",
    file(WHOLE.replace('"rate', '"traders": ["42"],\n"rate')),
    10,
    /twice/,
  ],
  ["a short digest", file(WHOLE.replace(DIGEST, "abc")), 13, /SHA-256/],
  ["no secret", file(WHOLE.replace(`{ "sha256": "${DIGEST}" }`, "")), 12, /at least one secret/],
  ["no name", file(WHOLE.replace(/"name".*\n/, "")), 4, /name/],
  ["a name with a space", file(WHOLE.replace("desk", "de sk")), 5, /keys\[0\]\.name/],
  ["a reserved name", file(WHOLE.replace("desk", "Default")), 5, /reserved/],
  ["a name twice", file(`${WHOLE},\n${WHOLE.replace(DIGEST, OTHER)}`), 17, /same name/],
  ["a secret in two keys", file(`${WHOLE},\n${WHOLE.replace("desk", "robot")}`), 25, /twice/],
  [
    "the id of another secret",
    file(twoSecrets(`{ "sha256": "${DIGEST}" }`, `{ "id": "00000000", "sha256": "${OTHER}" }`)),
    14,
    /is not that of sha256/,
  ],
  ["brackets without end", "[".repeat(100_000), 1, /too deep/],
];

for (const [what, text, line, message] of BROKEN) {
  Deno.test(`a keys file with ${what} is refused as a whole, with its line`, () => {
    const result = parseKeys(text, idOf);
    assert.ok(!result.ok);
    assert.equal(result.line, line);
    assert.match(result.message, message);
    assert.equal(result.message.includes(DIGEST), false, "values are not repeated");
  });
}

const name = fc.stringMatching(/^[a-z][a-z0-9._@+-]{0,20}$/).filter((text) =>
  !["default", "metrics", "development", "anonymous", "file", "gateway", "demo"].includes(text)
);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const instant = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString());
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);

const record = fc.record({
  name,
  scopes: fc.subarray(SCOPES.filter((scope) => scope !== "admin"), { minLength: 1 }),
  channels: optional(fc.subarray([...CHANNELS], { minLength: 1 })),
  traders: optional(fc.array(fc.string({ minLength: 1, maxLength: 128 }), { minLength: 1 })),
  rateLimitPerSecond: optional(fc.nat(1_000_000)),
  expiresAt: optional(instant),
  createdAt: optional(instant),
  digests: fc.uniqueArray(digest, { minLength: 1, maxLength: 2 }),
}).map(({ digests, ...rest }): KeyRecord =>
  JSON.parse(JSON.stringify({
    ...rest,
    secrets: digests.map((sha256) => ({ id: idOf(sha256), sha256 })),
  }))
);

const records = fc.uniqueArray(record, { maxLength: 8, selector: ({ name }) => name }).filter(
  (keys) => {
    const digests = keys.flatMap(({ secrets }) => secrets.map(({ sha256 }) => sha256));
    return new Set(digests).size === digests.length;
  },
);

Deno.test("what is written is what is read, whatever the keys", () => {
  fc.assert(fc.property(records, (keys) => {
    assert.deepEqual(parseKeys(formatKeys(keys), idOf), { ok: true, keys });
  }));
});

Deno.test("any prefix of a file but the whole is refused: half a write revokes nobody", () => {
  fc.assert(fc.property(records, fc.nat(), (keys, at) => {
    const text = formatKeys(keys).trimEnd();
    assert.equal(parseKeys(text.slice(0, at % text.length), idOf).ok, false);
  }));
});

Deno.test("whatever the text, reading ends with keys or with a line of it", () => {
  const damage = fc.tuple(records, fc.nat(), fc.string()).map(([keys, at, text]) => {
    const whole = formatKeys(keys);
    const start = at % whole.length;
    return whole.slice(0, start) + text + whole.slice(start + text.length);
  });
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), damage), (text) => {
    const result = parseKeys(text, idOf);
    if (result.ok) return;
    assert.ok(result.line >= 1 && result.line <= text.split("\n").length);
    assert.notEqual(result.message, "");
  }));
});
