import assert from "node:assert/strict";
import { accessInMemory } from "../../../actors/access/access.ts";
import { Config } from "../../../protocol/config.ts";
import { apiKey, KeyRing, type KeyStore } from "../../../routes/auth/api_keys.ts";
import {
  type Authentication,
  type Authenticator,
  KeyAuthenticator,
} from "../../../routes/auth/authenticator.ts";
import { originRules } from "../../../routes/context.ts";
import { assertError } from "../../support/envelopes.ts";
import { FAKE_ADDRESS, HANDSHAKE, keyHolder, withGateway } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";

const KEYS = new KeyRing([
  apiKey("desk", "s3cret"),
  apiKey("development", "dev", { loopbackOnly: true }),
]);

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function outcome(headers: HeadersInit, path = "/", sections: Sections = {}) {
  const config = Config.parse(sections);
  const request = new Request(`http://localhost:8080${path}`, { headers });
  const access = accessInMemory(config, new TestClock());
  const rules = { ...originRules(config), security: config.security, keys: KEYS, access };
  // With keys that are at hand there is nothing to wait for.
  return new KeyAuthenticator(rules).authenticate(request, FAKE_ADDRESS) as Authentication;
}

function nameOf(...args: Parameters<typeof outcome>): string {
  const found = outcome(...args);
  return found.ok ? found.principal.name : found.fault.code;
}

function messageOf(...args: Parameters<typeof outcome>): string {
  const found = outcome(...args);
  assert.equal(found.ok, false);
  return found.ok ? "" : found.fault.message;
}

const ANONYMOUS = { security: { anonymousScopes: ["subscribe"] } };

Deno.test("no key is API_KEY_MISSING, a wrong one API_KEY_INVALID, as in the replaced service", () => {
  assert.equal(nameOf({}), "API_KEY_MISSING");
  assert.equal(nameOf({ "X-API-Key": "" }), "API_KEY_MISSING");
  assert.equal(nameOf({ Authorization: "" }), "API_KEY_MISSING");
  assert.equal(nameOf({ "X-API-Key": "wrong" }), "API_KEY_INVALID");
  assert.equal(nameOf({ Authorization: "Bearer wrong" }), "API_KEY_INVALID");
  assert.equal(nameOf({ "X-API-Key": "wrong" }, "/", ANONYMOUS), "API_KEY_INVALID");
});

Deno.test("another scheme than Bearer is ignored: with a key elsewhere, without one, anonymously", () => {
  for (const scheme of ["Basic dXNlcjpwYXNz", "Negotiate abc", "Digest username=x", "Bearers x"]) {
    const headers = { Authorization: scheme };
    assert.equal(nameOf({ ...headers, "X-API-Key": "s3cret" }), "desk", scheme);
    assert.equal(nameOf(headers, "/?apiKey=s3cret"), "desk", scheme);
    assert.equal(nameOf(headers), "API_KEY_MISSING", scheme);
    assert.equal(nameOf(headers, "/", ANONYMOUS), "anonymous", scheme);
  }
});

Deno.test("the development key is refused with the reason, and known by its name", () => {
  const dev = { "X-API-Key": "dev" };
  assert.equal(nameOf(dev), "development");
  const proxied = { ...dev, "X-Forwarded-For": "10.0.0.1" };
  assert.match(
    messageOf(proxied),
    /development key does not count through a proxy .*x-forwarded-for/,
  );
  const found = outcome(proxied);
  assert.deepEqual(found.ok ? found : found.fault.keyName, "development");
  const remote = { server: { host: "0.0.0.0" } };
  assert.match(messageOf(dev, "/", remote), /does not count while .*not listen on a loopback/);
});

Deno.test("who sends no key is told the truth about anonymous access and ?apiKey=", () => {
  const proxied = { "CF-Connecting-IP": "10.0.0.1" };
  assert.match(messageOf(proxied, "/", ANONYMOUS), /without a key.*proxy.*allowAnonymousRemote/);
  const remote = { security: { ...ANONYMOUS.security, allowAnonymousRemote: true } };
  assert.equal(nameOf(proxied, "/", remote), "anonymous");
  const off = { security: { allowQueryApiKey: false } };
  assert.match(messageOf({}, "/?apiKey=s3cret", off), /switched off.*allowQueryApiKey/);
  assert.match(messageOf({ Authorization: "Basic x" }), /Bearer alone/);
});

Deno.test("no message holds what was sent", () => {
  for (const headers of [{ "X-API-Key": "pa55word" }, { Authorization: "Basic pa55word" }]) {
    assert.doesNotMatch(messageOf(headers), /pa55word/);
  }
  assert.doesNotMatch(messageOf({}, "/?apiKey=pa55word"), /pa55word/);
});

/** Lets somebody in, or fails, a turn of the event loop later. */
function slowly(result: () => Authentication, seen: string[] = []): Authenticator {
  return {
    authenticate: async (_, address) => {
      seen.push(address);
      await Promise.resolve();
      return result();
    },
  };
}

const HANDSHAKE_PATH = "/ws/telemetry?clientId=desk-7";

Deno.test("an authenticator that has to wait is waited for, on REST and handshakes, and knows the address", async () => {
  const seen: string[] = [];
  const authenticator = slowly(() => ({ ok: true, principal: keyHolder("slow") }), seen);
  await withGateway({ deps: { authenticator } }, async (fake) => {
    const stats = await fake.request("/api/v1/websocket/stats", {}, null);
    assert.equal(stats.status, 200);
    await stats.body?.cancel();
    const upgraded = await fake.request(HANDSHAKE_PATH, { headers: HANDSHAKE }, null);
    assert.equal(upgraded.status, 101);
    assert.deepEqual([...fake.hub.clients()].map(({ principal }) => principal), ["slow"]);
    assert.deepEqual(seen, [FAKE_ADDRESS, FAKE_ADDRESS]);
  });
});

Deno.test("a refusal that has to be waited for is answered and leaves a trace", async () => {
  const fault = { code: "API_KEY_INVALID", message: "revoked", keyName: "desk" } as const;
  await withGateway(
    { deps: { authenticator: slowly(() => ({ ok: false, fault })) } },
    async (fake) => {
      for (const path of ["/api/v1/websocket/stats", HANDSHAKE_PATH]) {
        const headers = path === HANDSHAKE_PATH ? HANDSHAKE : {};
        const answer = await fake.request(path, { headers });
        assertError({ status: answer.status, body: await answer.json() }, 401, "API_KEY_INVALID");
        assert.equal(fake.log.lines.at(-1)?.properties["principal"], "desk");
      }
      assert.equal(fake.hub.stats().connecting, 0);
    },
  );
});

Deno.test("an authenticator that fails is a failure of ours, and nobody takes a seat", async () => {
  const authenticator = slowly(() => {
    throw new Error("the key store cannot be read");
  });
  await withGateway({ deps: { authenticator } }, async (fake) => {
    for (const path of ["/api/v1/websocket/stats", HANDSHAKE_PATH]) {
      const headers = path === HANDSHAKE_PATH ? HANDSHAKE : {};
      const answer = await fake.request(path, { headers });
      assertError({ status: answer.status, body: await answer.json() }, 500, "INTERNAL_ERROR");
    }
    assert.deepEqual(fake.log.find({ message: "request failed" }).map(({ level }) => level), [
      "error",
      "error",
    ]);
    assert.equal(fake.hub.stats().connecting, 0);
  });
});

Deno.test("keys that are looked for elsewhere are waited for, and counted on loopback as they say", async () => {
  const key = apiKey("development", "dev", { loopbackOnly: true });
  const keys: KeyStore = {
    find: (secret) => Promise.resolve(secret === "dev" ? key : undefined),
    current: () => undefined,
    onChange: () => () => {},
  };
  const config = Config.parse({});
  const access = accessInMemory(config, new TestClock());
  const rules = { ...originRules(config), security: config.security, keys, access };
  const found = async (headers: HeadersInit) => {
    const request = new Request("http://localhost:8080/", { headers });
    const result = await new KeyAuthenticator(rules).authenticate(request, FAKE_ADDRESS);
    return result.ok ? result.principal.name : result.fault.code;
  };
  assert.equal(await found({ "X-API-Key": "dev" }), "development");
  assert.equal(await found({ "X-API-Key": "dev", "Via": "1.1 proxy" }), "API_KEY_INVALID");
  assert.equal(await found({ "X-API-Key": "other" }), "API_KEY_INVALID");
  assert.equal(await found({}), "API_KEY_MISSING");
});
