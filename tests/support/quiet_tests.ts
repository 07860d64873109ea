/**
 * Tests in a process of their own, whose output is shown only when they fail: the runtime prints
 * every error that ends a worker, also one that a test wants and handles.
 *
 * @module
 */
import assert from "node:assert/strict";

/**
 * Holds `--config=…` when the tests run with another configuration than that of the project. Gateways
 * that tests start inherit it, and refuse variables of their own prefix that they do not know.
 */
export const CONFIG_VARIABLE = "TEST_CONFIG_OPTION";

/** Set in that process. */
const QUIET_VARIABLE = "TELEMETRY_TEST_QUIET";

/**
 * Defines the tests of a file so that they run in another process.
 *
 * @param url The module that calls this.
 * @param name The test that stands for them.
 * @param define Calls `Deno.test`.
 */
export function quietTests(url: string, name: string, define: () => void): void {
  if (Deno.env.get(QUIET_VARIABLE) !== undefined) return define();
  Deno.test(name, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      // The oldest Deno knows no settings of the sanitizers, and is given a file without them.
      args: ["test", "-A", "--no-check", ...configOption(), new URL(url).pathname],
      env: { [QUIET_VARIABLE]: "1", NO_COLOR: "1" },
    }).output();
    const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    assert.ok(success, output);
    assert.doesNotMatch(output, /\b0 passed\b/, "it runs the tests");
  });
}

function configOption(): string[] {
  const option = Deno.env.get(CONFIG_VARIABLE);
  return option === undefined ? [] : [option];
}
