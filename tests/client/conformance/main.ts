// deno-lint-ignore-file no-console -- a script; its output is what it is for
/**
 * Checks a client: `deno run -A tests/client/conformance/main.ts [--only WORD] -- PROGRAM [ARGUMENT…]`.
 * Without a program it checks the project's own. Exits with 1 when an outcome is wrong.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { projectPath } from "../../support/paths.ts";
import { playAll, type Subject } from "./runner.ts";
import { SCENARIOS } from "./scenarios/mod.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: { only: { type: "string", default: "" }, jobs: { type: "string", default: "4" } },
  allowPositionals: true,
});
const ours = projectPath("tests/client/conformance/our_client.ts");
const subject = positionals.length > 0
  ? positionals as unknown as Subject
  : [Deno.execPath(), "run", "-A", ours] as const;
const chosen = SCENARIOS.filter(({ fault }) => fault.includes(values.only));
let wrong = 0;
await playAll(chosen, subject, Number(values.jobs), ({ fault, outcome }, verdict) => {
  console.log(`${verdict === undefined ? "ok    " : "WRONG "} ${fault}\n       ${outcome}`);
  if (verdict === undefined) return;
  wrong += 1;
  console.log(verdict.replaceAll(/^/gm, "       | "));
});
console.log(`${chosen.length - wrong} of ${chosen.length} outcomes are right`);
if (wrong > 0) Deno.exitCode = 1;
