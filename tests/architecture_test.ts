/**
 * The architecture as a test: the rules of `tests/support/architecture.ts` hold in this tree, and
 * they can fail.
 *
 * @module
 */
import assert from "node:assert/strict";
import { findStrays, findViolations, MAX_LINES } from "./support/architecture.ts";
import { importsOf } from "./support/imports.ts";
import { SOURCE_FOLDERS, sourceFiles } from "./support/source_files.ts";

Deno.test("the tree keeps the rules of the architecture", () => {
  const files = ["main.ts", ...sourceFiles([...SOURCE_FOLDERS, "docs", "tests"])];
  const sources = new Map(files.map((path) => [path, Deno.readTextFileSync(path)]));
  assert.ok(files.length > 30, "the sources were not found");
  assert.deepEqual(findViolations(sources), []);
});

Deno.test("the top level holds only what the layout names", () => {
  assert.deepEqual(findStrays([...Deno.readDirSync(".")].map((entry) => entry.name)), []);
  assert.deepEqual(findStrays([".ci", "actors", "src", "notes.txt"]), ["src", "notes.txt"]);
});

/** Violations of a tree of one file. */
function violationsOf(path: string, source: string): string[] {
  return findViolations(new Map([[path, source]]));
}

const FORBIDDEN: readonly (readonly [path: string, source: string])[] = [
  ["protocol/a.ts", 'import { x } from "../actors/ports.ts";'],
  ["protocol/a.ts", 'export type { X } from "../routes/app.ts";'],
  ["protocol/a.ts", 'import { readFileSync } from "node:fs";'],
  ["protocol/a.ts", "export const x = Deno.cwd();"],
  ["actors/a.ts", 'import { app } from "../routes/app.ts";'],
  ["actors/a.ts", 'import "../main.ts";'],
  ["actors/log/a.ts", 'import { createActor } from "xstate";'],
  ["actors/stream/a.ts", 'import {\n  createActor,\n  type Actor,\n} from "xstate";'],
  ["actors/stream/a.ts", 'import { Socket } from "node:net";'],
  ["actors/stream/a.ts", 'const later = await import("../../routes/app.ts");'],
  ["actors/stream/a.ts", "const text = await fetch(url);"],
  ["routes/a.ts", 'import { createActor } from "npm:xstate@5";'],
  ["routes/a.ts", 'import { wait } from "../tests/support/wait.ts";'],
  ["main.ts", "\n".repeat(120) + "x"],
  ["routes/a.ts", "\n".repeat(MAX_LINES) + "x"],
];

for (const [path, source] of FORBIDDEN) {
  Deno.test(`${path} may not hold ${source.trim().slice(0, 60).replaceAll(/\s+/g, " ")}`, () => {
    assert.equal(violationsOf(path, source).length, 1);
  });
}

const ALLOWED: readonly (readonly [path: string, source: string])[] = [
  ["protocol/a.ts", 'import { z } from "zod";\nimport { X } from "./events/mod.ts";'],
  ["protocol/a.ts", "/** Not through Deno.cwd(). */\nexport const x = 1; // nor fetch(x)"],
  ["protocol/client/a.ts", 'const socket = new WebSocket("ws://x");'],
  ["actors/hub/a.ts", 'import { createActor } from "xstate";'],
  ["actors/stream/a.ts", 'import { X } from "../../protocol/api.ts";'],
  ["routes/a.ts", 'import { X } from "../actors/ports.ts";'],
  ["routes/a.ts", "x\n".repeat(MAX_LINES)],
];

for (const [path, source] of ALLOWED) {
  Deno.test(`${path} may hold ${source.trim().slice(0, 60).replaceAll(/\s+/g, " ")}`, () => {
    assert.deepEqual(violationsOf(path, source), []);
  });
}

Deno.test("a cycle of files that load each other is found, however long, and named", () => {
  const cycle = new Map([
    ["actors/a.ts", 'import { b } from "./b.ts";'],
    ["actors/b.ts", 'import { type C, c } from "./deep/c.ts";'],
    ["actors/deep/c.ts", 'export { a } from "../a.ts";'],
    ["actors/d.ts", 'import { a } from "./a.ts";'],
  ]);
  assert.deepEqual(findViolations(cycle), [
    "import cycle: actors/a.ts → actors/b.ts → actors/deep/c.ts → actors/a.ts",
  ]);
  const typed = new Map([...cycle, ["actors/b.ts", 'import type { C } from "./deep/c.ts";']]);
  assert.deepEqual(findViolations(typed), [], "types alone tie no knot");
  const line = new Map([...cycle].filter(([path]) => path !== "actors/deep/c.ts"));
  assert.deepEqual(findViolations(line), []);
});

Deno.test("imports are read in every form and resolved", () => {
  const source = `
    import a from "./a.ts";
    import { b, type C } from '../b.ts';
    export * from "./a.ts";
    // import d from "./d.ts";
    const text = "from here";
    import manifest from "../../deno.json" with { type: "json" };
  `;
  assert.deepEqual(importsOf("routes/x/y.ts", source), [
    "routes/x/a.ts",
    "routes/b.ts",
    "deno.json",
  ]);
});
