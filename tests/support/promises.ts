/**
 * Documents whose promises name the tests that hold them: a promise is an item of a list, its tests are
 * the items below it.
 *
 * @module
 */
import { fileExists, projectPath } from "./paths.ts";

/** A test as the document names it. */
export interface NamedTest {
  readonly path: string;
  readonly name: string;
}

/** Where the name of a test stands: the registration of a test, a step, or a helper for either. */
const REGISTRATION =
  /(?:\b(?:Deno\.test|browserTest|test|step)\(|\bname:)\s*(["`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** The names of the tests in a source, with `…` for what varies. */
export function testNames(source: string): ReadonlySet<string> {
  return new Set(
    [...source.matchAll(REGISTRATION)].map(([, quote, text]) =>
      quote === "`" ? text!.replaceAll(/\$\{[^}]*\}/g, "…") : unescaped(text!)
    ),
  );
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}

/** The promises of a document, each with the tests that hold it. */
export function promisesOf(text: string): Map<string, NamedTest[]> {
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
export function faultOf({ path, name }: NamedTest): string | undefined {
  if (!fileExists(projectPath(path))) return `${path}: no such file`;
  const names = testNames(Deno.readTextFileSync(projectPath(path)));
  // What is appended to a template, such as a note on what the machine lacks, is left out.
  const found = names.has(name) || names.has(`${name}…`);
  return found ? undefined : `${path}: no test "${name}"`;
}
