/**
 * The program as a process: what a shell sees of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { projectPath } from "../support/paths.ts";

/** Runs a script of bash that finds the program as `$0 …`. */
async function bash(script: string) {
  const args = ["-c", script, Deno.execPath(), "run", "-A", projectPath("main.ts")];
  const command = new Deno.Command("bash", { args, env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test("a reader that ends early is no error", async () => {
  for (const args of ["serve --help", "config print"]) {
    const { code, err } = await bash(`"$0" "$@" ${args} | true; exit \${PIPESTATUS[0]}`);
    assert.deepEqual([code, err], [0, ""], args);
  }
});

Deno.test("errors go to standard error, with the exit code of their kind", async () => {
  const cases: readonly (readonly [args: string, code: number])[] = [
    ["tial", 64],
    ["--port=x", 78],
    ["tail --url http://127.0.0.1:1", 69],
    ["epoch rotate --data-dir /nowhere", 1],
  ];
  for (const [args, code] of cases) {
    const result = await bash(`"$0" "$@" ${args}`);
    assert.deepEqual([result.code, result.out], [code, ""], args);
    assert.match(result.err, /^error: [^\n]+\n$/);
  }
});
