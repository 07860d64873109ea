/**
 * Packages of npm that some tests need: fetched on first use, by a lock file of their own, into a
 * folder that git ignores. What stands in `deno.json` or `deno.lock` is downloaded by every start of
 * the gateway.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileExists } from "./paths.ts";

/** Patience with the registry, in ms. */
const INSTALL_WITHIN_MS = 120_000;

const NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];

/** The packages that a folder with a `package.json` and a `package-lock.json` names. */
export class NpmTools {
  /** The folder, with a slash at its end. */
  readonly folder: string;

  /** Installs nothing yet. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Installs the packages when they are not there.
   *
   * @throws {Error} When npm is missing or fails.
   */
  async install(): Promise<void> {
    const lock = Deno.readTextFileSync(`${this.folder}package-lock.json`);
    // A copy of the lock file of the time of installation.
    const installed = `${this.folder}node_modules/.installed-lock.json`;
    if (fileExists(installed) && Deno.readTextFileSync(installed) === lock) return;
    await run("npm", NPM_CI, this.folder);
    Deno.writeTextFileSync(installed, lock);
  }

  /** Loads one of the packages; its types are not known here. */
  // deno-lint-ignore no-explicit-any -- typed packages would have to be dependencies of the gateway
  require(name: string): any {
    return createRequire(`${this.folder}package.json`)(name);
  }
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
