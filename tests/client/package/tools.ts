/**
 * The packages that building and trying the client needs: fetched on first use, into a folder that
 * git ignores.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileExists, fromFileUrl } from "../../support/paths.ts";

/** Their folder. */
export const TOOLS: string = fromFileUrl(new URL("./", import.meta.url));

const LOCK = `${TOOLS}package-lock.json`;

/** A copy of the lock file of the time of installation. */
const INSTALLED = `${TOOLS}node_modules/.installed-lock.json`;

/** Patience with the registry, in ms. */
const INSTALL_WITHIN_MS = 120_000;

const NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];

/**
 * Installs the packages when they are not there.
 *
 * @throws {Error} When npm is missing or fails.
 */
export async function installTools(): Promise<void> {
  const lock = Deno.readTextFileSync(LOCK);
  if (fileExists(INSTALLED) && Deno.readTextFileSync(INSTALLED) === lock) return;
  await run("npm", NPM_CI, TOOLS);
  Deno.writeTextFileSync(INSTALLED, lock);
}

/** Loads one of the packages; its types are not known here. */
// deno-lint-ignore no-explicit-any -- typed packages would have to be dependencies of the gateway
export function requireTool(name: string): any {
  return createRequire(`${TOOLS}package.json`)(name);
}

/**
 * Runs a program to its end.
 *
 * @returns Its output.
 * @throws {Error} With all that it wrote, when it fails.
 */
export async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(INSTALL_WITHIN_MS),
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")} failed:\n${out}\n${errors}`);
  return out!;
}
