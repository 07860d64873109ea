import assert from "node:assert/strict";
import { Config } from "../../../protocol/config.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { authenticate } from "../../../routes/auth/authenticate.ts";
import { originRules } from "../../../routes/context.ts";

const KEYS = new KeyRing([
  apiKey("desk", "s3cret"),
  apiKey("development", "dev", { loopbackOnly: true }),
]);

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function outcome(headers: HeadersInit, path = "/", sections: Sections = {}) {
  const config = Config.parse(sections);
  const request = new Request(`http://localhost:8080${path}`, { headers });
  const rules = { ...originRules(config), security: config.security, keys: KEYS };
  return authenticate(request, rules);
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
