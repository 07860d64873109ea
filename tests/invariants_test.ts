/**
 * Every promise of `docs/invariants.md` names tests that exist.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MarkdownDocument } from "./support/markdown.ts";
import { fileExists, projectPath } from "./support/paths.ts";

/** A test as the document names it. */
interface NamedTest {
  readonly path: string;
  readonly name: string;
}

/** Where the name of a test stands: the registration of a test, a step, or a helper for either. */
const REGISTRATION = /(?:\b(?:Deno\.test|test|step)\(|\bname:)\s*(["`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** The names of the tests in a source, with `…` for what varies. */
function testNames(source: string): ReadonlySet<string> {
  return new Set(
    [...source.matchAll(REGISTRATION)].map(([, quote, text]) =>
      quote === "`" ? text!.replaceAll(/\$\{[^}]*\}/g, "…") : unescaped(text!)
    ),
  );
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}

/** The promises, each with the tests that hold it. */
function promisesOf(text: string): Map<string, NamedTest[]> {
  const promises = new Map<string, NamedTest[]>();
  let tests: NamedTest[] = [];
  for (const line of text.split("\n")) {
    const [, path, name] = /^ {2}- `([^`]+)`: (.+)$/.exec(line) ?? [];
    if (path !== undefined) tests.push({ path, name: name! });
    else if (/^- (?!\[)/.test(line)) promises.set(line.slice(2), tests = []);
  }
  return promises;
}

/** What is wrong with the name of a test; `undefined` when it exists. */
function faultOf({ path, name }: NamedTest): string | undefined {
  if (!fileExists(projectPath(path))) return `${path}: no such file`;
  const names = testNames(Deno.readTextFileSync(projectPath(path)));
  // What is appended to a template, such as a note on what the machine lacks, is left out.
  const found = names.has(name) || names.has(`${name}…`);
  return found ? undefined : `${path}: no test "${name}"`;
}

Deno.test("every promise names at least one test, and every test that it names exists", () => {
  const promises = promisesOf(new MarkdownDocument("docs/invariants.md").text);
  assert.ok(promises.size >= 40);
  const untested = [...promises].filter(([, tests]) => tests.length === 0).map(([text]) => text);
  assert.deepEqual(untested, []);
  assert.deepEqual([...promises.values()].flat().flatMap((test) => faultOf(test) ?? []), []);
});

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
