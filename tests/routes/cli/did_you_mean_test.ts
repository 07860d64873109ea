/**
 * What a mistyped name was meant to be.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { closest, editDistance, suggestion } from "../../../routes/cli/did_you_mean.ts";

Deno.test("a slip of the finger is recognised, something else is not", () => {
  const flags = ["--port", "--host", "--heartbeat-interval-seconds"];
  assert.equal(closest("--prot", flags), "--port");
  assert.equal(closest("--HOTS", flags), "--host");
  assert.equal(closest("--heartbeat-intervall-secs", flags), "--heartbeat-interval-seconds");
  assert.equal(closest("--quiet-mode", flags), undefined);
});

Deno.test("the key alone stands for the option of that key", () => {
  assert.equal(closest("port", ["sort", "server.port"]), "server.port");
});

Deno.test("the suggestion is a clause, or nothing", () => {
  assert.equal(suggestion("prot", ["port"]), "; did you mean port?");
  assert.equal(suggestion("xyz", ["port"]), "");
});

Deno.test("editDistance() counts insertions, deletions, replacements and swaps", () => {
  assert.equal(editDistance("port", "port"), 0);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("prot", "port"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("editDistance() is symmetric and never more than the longer text", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    const distance = editDistance(a, b);
    assert.equal(distance, editDistance(b, a));
    assert.ok(distance <= Math.max(a.length, b.length));
    assert.equal(distance === 0, a === b);
  }));
});
