/**
 * Every promise of `docs/invariants.md` and `docs/security.md` names tests that exist.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MarkdownDocument } from "./support/markdown.ts";
import { faultOf, promisesOf, testNames } from "./support/promises.ts";

/** Documents of promises, and how many they have at least. */
const DOCUMENTS = { "docs/invariants.md": 40, "docs/security.md": 40 } as const;

for (const [path, least] of Object.entries(DOCUMENTS)) {
  Deno.test(`every promise of ${path} names at least one test, and every test that it names exists`, () => {
    const promises = promisesOf(new MarkdownDocument(path).text);
    assert.ok(promises.size >= least);
    const untested = [...promises].filter(([, tests]) => tests.length === 0).map(([text]) => text);
    assert.deepEqual(untested, []);
    assert.deepEqual([...promises.values()].flat().flatMap((test) => faultOf(test) ?? []), []);
  });
}

Deno.test("a test that does not exist is found", () => {
  const path = "tests/invariants_test.ts";
  assert.equal(faultOf({ path, name: "a test that does not exist is found" }), undefined);
  const renamed = "a test that was renamed";
  assert.match(faultOf({ path, name: renamed })!, /no test/);
  assert.match(faultOf({ path: "tests/nothing_test.ts", name: "x" })!, /no such file/);
});

Deno.test("the names of tests are read from every form of registration", () => {
  const source = 'Deno.test("a \\"b\\"", () => {});\nawait t.step(`${KILLS} kills`, f);\n' +
    'Deno.test({\n  name:\n    `${a}: full` +\n b });\n  test(\n    "holds",\n';
  assert.deepEqual([...testNames(source)], ['a "b"', "… kills", "…: full", "holds"]);
});
