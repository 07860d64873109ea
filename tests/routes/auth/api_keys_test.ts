import assert from "node:assert/strict";
import {
  ALL_SCOPES,
  apiKey,
  digestOfSecret,
  KeyRing,
  secretIdOf,
} from "../../../routes/auth/api_keys.ts";

Deno.test("a key ring knows who stands behind a secret", () => {
  const ring = new KeyRing([
    apiKey("desk", "first"),
    apiKey("robot", "second", { scopes: new Set(["publish"]) }),
  ]);
  assert.deepEqual(ring.find("first")?.principal, {
    name: "desk",
    authenticated: true,
    scopes: ALL_SCOPES,
    secretId: "4b9facb0",
  });
  assert.deepEqual(ring.find("second")?.principal.scopes, new Set(["publish"]));
});

Deno.test("nothing but a whole secret matches", () => {
  const ring = new KeyRing([apiKey("desk", "secret")]);
  for (const wrong of ["", "secre", "secret ", "Secret", "desk", "secret\0"]) {
    assert.equal(ring.find(wrong), undefined, JSON.stringify(wrong));
  }
  assert.equal(new KeyRing([]).find(""), undefined);
});

Deno.test("a key keeps a digest and never its secret", () => {
  const key = apiKey("desk", "very-secret");
  assert.equal(Deno.inspect(key, { depth: 9 }).includes("very-secret"), false);
  assert.equal(key.digest.length, 32);
});

Deno.test("a key has every scope of the contract unless it is told otherwise", () => {
  assert.deepEqual(
    [...apiKey("desk", "secret").principal.scopes].sort(),
    ["acknowledge", "admin", "metrics", "publish", "subscribe"],
  );
});

Deno.test("the id of a secret is the start of the digest of its digest", () => {
  // printf %s first | openssl dgst -sha256 -binary | openssl dgst -sha256
  const digest = digestOfSecret("first");
  assert.equal(secretIdOf(digest), "4b9facb0");
  assert.equal(digest.toString("hex").includes(secretIdOf(digest)), false);
  assert.equal(apiKey("desk", "first").secretId, secretIdOf(digest));
});

Deno.test("a secret is looked up by its digest among the keys, whatever their order", () => {
  const keys = Array.from({ length: 100 }, (_, at) => apiKey(`key${at}`, `secret${at}`));
  const ring = new KeyRing(keys);
  for (const key of keys) {
    const { name } = key.principal;
    assert.equal(ring.find(name.replace("key", "secret")), key);
  }
  assert.equal(ring.find(keys[0]!.digest.toString("hex")), undefined, "a digest opens nothing");
});

Deno.test("a key is current under its name and the id of its secret alone", () => {
  const desk = apiKey("desk", "first");
  const ring = new KeyRing([desk, apiKey("robot", "second")]);
  assert.equal(ring.current("desk", desk.secretId), desk);
  assert.equal(ring.current("robot", desk.secretId), undefined);
  assert.equal(ring.current("desk", "00000000"), undefined);
});
