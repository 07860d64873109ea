/**
 * The project's own checks: that they find what they are for.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  completeCounts,
  countCodeLines,
  isTypesOnly,
  percent,
  readLcov,
  renderTable,
  sum,
} from "./coverage_report.ts";
import { missingDocs } from "./doc_check.ts";
import { ALONE, partsOf, SYSTEM, testFiles } from "./run.ts";
import { V8_FLAGS } from "./support/gateway_process.ts";
import { projectPath } from "./support/paths.ts";

const LINT_OUTPUT =
  `error[missing-explicit-type]: exported symbol is missing an explicit type annotation
 --> /home/x/project/protocol/b.ts:2:14
  |
2 | export const B = z.string();
  |              ^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
  --> /home/x/project/actors/a.ts:20:1
   |
20 | export interface Deps {
   | ^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
  --> /home/x/project/actors/a.ts:26:12
   |
26 |   readonly clock: Clock;
   |            ^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
  --> /home/x/project/actors/a.ts:27:3
   |
27 |   async type(): Promise<void> {
   |   ^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
  --> /home/x/project/actors/a.ts:40:1
   |
40 | async function exportedBelow(): Promise<void> {
   | ^

error[missing-jsdoc]: exported symbol is missing JSDoc documentation
 --> /home/x/.cache/big.d.ts:1:19
  |
1 | declare namespace Big {
  |                   ^
`;

Deno.test("the doc check reports exports of our files without documentation, not members and not dependencies", () => {
  assert.deepEqual(missingDocs(LINT_OUTPUT, "/home/x/project"), [
    { place: "actors/a.ts:20:1", code: "export interface Deps {" },
    { place: "actors/a.ts:40:1", code: "async function exportedBelow(): Promise<void> {" },
  ]);
});

const LCOV = "SF:/p/actors/a.ts\nDA:1,4\nDA:2,0\nend_of_record\nSF:/p/actors/a.ts\nDA:3,1\n" +
  "end_of_record\nSF:/elsewhere/x.ts\nDA:1,1\nend_of_record\n";

Deno.test("lines are counted by file, files outside the project are left out", () => {
  assert.deepEqual([...readLcov(LCOV, "/p")], [["actors/a.ts", { hit: 2, found: 3 }]]);
});

Deno.test("a file that no test imports counts as not covered", () => {
  const sources: Record<string, string> = {
    "actors/b.ts": "/** Doc.\n */\nexport function b() {\n  return 1; // one\n}\n",
    "actors/c.ts": 'import type { X } from "./x.ts";\nexport interface C {\n  readonly x: X;\n}\n',
  };
  const files = ["actors/a.ts", "actors/b.ts", "actors/c.ts"];
  const counts = completeCounts(readLcov(LCOV, "/p"), files, (path) => sources[path]!);
  assert.deepEqual(counts.get("actors/b.ts"), { hit: 0, found: 3 });
  assert.deepEqual(counts.get("actors/c.ts"), { hit: 0, found: 0 });
  assert.deepEqual(sum(counts.values()), { hit: 2, found: 6 });
  const table = renderTable(counts);
  assert.match(table, /^actors\/b\.ts +0\.0 % {2}0\/3$/m);
  assert.match(table, /^actors\/ +33\.3 % {2}2\/6$/m);
});

Deno.test("percentages are of lines; nothing to cover is covered", () => {
  assert.equal(percent({ hit: 9, found: 10 }), 90);
  assert.equal(percent({ hit: 0, found: 0 }), 100);
});

Deno.test("comments and empty lines are no code, types alone are nothing to run", () => {
  assert.equal(countCodeLines("// a\n\n/* b\n c */\nlet d;\n"), 1);
  assert.ok(isTypesOnly("/** function */\nexport type A = { b: string };\n"));
  assert.ok(!isTypesOnly("export class A {}"));
});

Deno.test("processes of tests run as those of users do: with the V8 flags of the tasks", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(projectPath("deno.json")));
  for (const name of ["start", "compile"]) assert.ok(tasks[name].command.includes(V8_FLAGS), name);
});

Deno.test("every test file is in one part of the test run, and every listed path has tests", () => {
  const files = testFiles();
  const parts = partsOf(files, 2);
  assert.deepEqual(parts.flatMap((part) => part.files).toSorted(), files);
  for (const path of [...SYSTEM, ...Object.keys(ALONE)]) {
    assert.ok(files.some((file) => file.startsWith(path)), path);
  }
  for (const { name, files } of parts) assert.ok(files.length > 0, name);
});

Deno.test("unit tests may neither start processes nor use the network", () => {
  const { args } = partsOf([], 2).find(({ name }) => name === "unit")!;
  assert.doesNotMatch(args.join(" "), /-A|--allow-(all|run|net|ffi)/);
});
