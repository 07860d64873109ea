import assert from "node:assert/strict";
import { ALL_SCOPES, apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";

Deno.test("a key ring knows who stands behind a secret", () => {
  const ring = new KeyRing([
    apiKey("desk", "first"),
    apiKey("robot", "second", { scopes: new Set(["publish"]) }),
  ]);
  assert.deepEqual(ring.find("first")?.principal, {
    name: "desk",
    authenticated: true,
    scopes: ALL_SCOPES,
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
