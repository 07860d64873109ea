/**
 * `deno task backup` as a process.
 *
 * @module
 */
import { fromFileUrl } from "./paths.ts";

/** How it ended, and what it wrote. */
export interface BackupRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Starts the command of the task; the environment is the test's with these variables. */
export function startBackup(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  const path = (name: string) => fromFileUrl(new URL(`../../${name}`, import.meta.url));
  const permissions = ["net", "env", "read", "write", "sys=statfs"].map((name) =>
    `--allow-${name}`
  );
  const run = ["run", "--no-prompt", ...permissions, "--config", path("deno.json")];
  return new Deno.Command(Deno.execPath(), {
    args: [...run, path("main.ts"), "backup", ...args],
    env: { NO_COLOR: "1", TELEMETRY_CONFIG: "", TELEMETRY_API_KEY: "", FMPS_API_KEY: "", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs the command to its end. */
export async function runBackup(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<BackupRun> {
  const { code, stdout, stderr } = await startBackup(args, env).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}
