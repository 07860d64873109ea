/**
 * Credentials are looked up by their digest and never compared: the time that it takes depends on the
 * digest of what was sent, which nobody can steer towards that of a secret.
 *
 * @module
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { Sessions } from "../../../actors/access/sessions.ts";
import { Tickets } from "../../../actors/access/tickets.ts";
import { formatKeys } from "../../../protocol/keys/document.ts";
import { apiKey, digestOfSecret, KeyRing, secretIdOf } from "../../../routes/auth/api_keys.ts";
import { FileKeyStore } from "../../../routes/auth/keys/key_store.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { MemoryKeysFile } from "../../support/memory_keys_file.ts";
import { TestClock } from "../../support/test_clock.ts";

/** The keys that are looked up in maps while something runs; going through a map or a list fails. */
function lookups(run: () => unknown): unknown[] {
  const seen: unknown[] = [];
  const forbidden = (name: string | symbol) => () => {
    throw new Error(`a search: ${String(name)}`);
  };
  const patches: readonly (readonly [object, string | symbol, (...given: unknown[]) => unknown])[] =
    [
      ...["values", "entries", "keys", "forEach", Symbol.iterator].map((name) =>
        [Map.prototype, name, forbidden(name)] as const
      ),
      ...["find", "some", "includes", "indexOf", "filter", "findIndex"].map((name) =>
        [Array.prototype, name, forbidden(name)] as const
      ),
      [String.prototype, "localeCompare", forbidden("localeCompare")],
    ];
  const before = patches.map(([target, name]) => Reflect.get(target, name));
  const get = Map.prototype.get;
  for (const [target, name, replacement] of patches) Reflect.set(target, name, replacement);
  Map.prototype.get = function (key: unknown) {
    seen.push(key);
    return get.call(this, key);
  };
  try {
    run();
  } finally {
    Map.prototype.get = get;
    patches.forEach(([target, name], at) => Reflect.set(target, name, before[at]));
  }
  return seen;
}

const COUNT = 500;
const secrets = Array.from({ length: COUNT }, (_, at) => `the-secret-of-many-${at}`);

/** What begins as a secret does, what is one but for its last character, and what has nothing of one. */
const ATTEMPTS = [secrets[0]!, secrets.at(-1)!, "the-secret-of-many-", `${secrets[7]}x`, "z", ""];

Deno.test("a configured key is found by one lookup of its digest, and a wrong one is missed by one", () => {
  const ring = new KeyRing(secrets.map((secret, at) => apiKey(`key${at}`, secret)));
  for (const attempt of ATTEMPTS) {
    const sha256 = hash("sha256", attempt, "hex");
    assert.deepEqual(lookups(() => ring.find(attempt)), [sha256], attempt);
    assert.equal(ring.find(attempt) !== undefined, secrets.includes(attempt));
  }
});

Deno.test("a key of the file is found by one lookup of its digest, which is all that the file has", async () => {
  const keys = secrets.map((secret, at) => {
    const digest = digestOfSecret(secret);
    const sha256 = digest.toString("hex");
    return {
      name: `key${at}`,
      scopes: ["subscribe"] as const,
      secrets: [{ id: secretIdOf(digest), sha256 }],
    };
  });
  const file = new MemoryKeysFile(formatKeys(keys));
  const log = new RecordingLogger();
  const store = await FileKeyStore.open({ clock: new TestClock(), log, file, fixed: [] });
  try {
    for (const attempt of ATTEMPTS) {
      const sha256 = hash("sha256", attempt, "hex");
      assert.deepEqual(lookups(() => store.find(attempt)), [sha256], attempt);
      assert.equal(store.find(attempt) !== undefined, secrets.includes(attempt));
    }
  } finally {
    store.stop();
  }
});

Deno.test("a ticket is found by one lookup of its digest", () => {
  const tickets = new Tickets(new TestClock(), { perKey: COUNT, all: COUNT });
  const issued = secrets.map(() => tickets.issue({ name: "desk", secretId: "00000000" }));
  const ticketOf = (at: number) => {
    const one = issued[at]!;
    assert.ok(typeof one === "object");
    return one.ticket;
  };
  for (const wrong of [ticketOf(0).slice(0, -1), `${ticketOf(1)}x`, "z", ""]) {
    // The kinds of a ticket are looked at only when there is one.
    assert.deepEqual(lookups(() => tickets.use(wrong, ["use"])), [
      hash("sha256", wrong, "base64url"),
    ]);
  }
  assert.deepEqual(tickets.use(ticketOf(0), ["use"])?.name, "desk");
});

Deno.test("a session is found by one lookup of the digest of its id", () => {
  const secret = new Uint8Array(32).fill(7);
  const limits = { perKey: COUNT, all: COUNT };
  const sessions = new Sessions({ clock: new TestClock(), secret, limits });
  const begun = sessions.begin({ name: "desk", secretId: "00000000" });
  assert.ok(typeof begun === "object");
  const [id, signature] = begun.token.split(".");
  const wrong = `${id}.${signature!.slice(0, -1)}${signature!.endsWith("A") ? "B" : "A"}`;
  for (const token of [begun.token, wrong, `z.${signature}`]) {
    const digest = hash("sha256", token.split(".")[0]!, "base64url");
    assert.deepEqual(lookups(() => sessions.use(token)), [digest], token);
    assert.equal(typeof sessions.use(token) === "object", token === begun.token);
  }
});

Deno.test("what goes through all keys, or compares, is noticed by these tests", () => {
  const known = new Map(secrets.map((secret) => [secret, 1]));
  assert.throws(() => lookups(() => [...known.keys()]), /a search: keys/);
  assert.throws(() => lookups(() => new Set([...known])), /a search: Symbol/);
  assert.throws(() => lookups(() => secrets.find((secret) => secret === "z")), /a search: find/);
  assert.deepEqual(lookups(() => known.get("z")), ["z"]);
});
