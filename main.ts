/**
 * The program: reads the environment of the process, and runs the command that it was started with.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { machineFacts } from "./routes/cli/machine_facts.ts";
import { EXTRA_VARIABLES } from "./protocol/config/options.ts";
import { printError, printText } from "./routes/cli/print.ts";
import { runProgram } from "./routes/cli/program.ts";
import { RUNS } from "./routes/cli/runs.ts";

if (import.meta.main) {
  const env = Deno.env.toObject();
  const readFile = Deno.readTextFileSync;
  const exitCode = await runProgram(Deno.args, {
    env,
    readFile,
    exists: (path) => existsSync(path),
    mayAccess: (name, path) => Deno.permissions.querySync({ name, path }).state === "granted",
    machine: machineFacts(env[EXTRA_VARIABLES.machineFacts], readFile),
    runs: RUNS,
    write: printText,
    printError,
  });
  if (exitCode !== 0) Deno.exit(exitCode);
}
