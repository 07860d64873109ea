/**
 * The packages of the peers: fetched on first use, into a folder that git ignores.
 *
 * @module
 */
import { fileExists, fromFileUrl } from "../../support/paths.ts";

const FOLDER = fromFileUrl(new URL("../peers/", import.meta.url));

/** What is to be installed. */
const LOCK = `${FOLDER}package-lock.json`;

/** What was installed: a copy of the lock file of that time. */
const INSTALLED = `${FOLDER}node_modules/.installed-lock.json`;

/** Patience with the registry. */
const INSTALL_WITHIN_MS = 120_000;

/** Without advice that nobody reads here. */
const QUIETLY = ["--no-audit", "--no-fund", "--loglevel=error"];

/** Gives up soon on a registry that cannot be reached, and asks it nothing that is known. */
const SOON = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];

/** Names of Bun's packages for Linux, by Deno's name of the architecture. */
const BUN_ARCHITECTURE: Readonly<Record<string, string>> = { x86_64: "x64", aarch64: "aarch64" };

/**
 * Installs the packages when they are not there.
 *
 * @returns `undefined` when they are, or why they are not.
 */
export async function installPeers(announce: (line: string) => void): Promise<string | undefined> {
  if (isCurrent()) return undefined;
  announce("installing the peers: npm ci");
  try {
    const { success, stderr } = await new Deno.Command("npm", {
      // Bun's package would copy its binary in a script; it is run where it lies.
      args: ["ci", "--ignore-scripts", ...QUIETLY, ...SOON],
      cwd: FOLDER,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(INSTALL_WITHIN_MS),
    }).output();
    if (success) {
      Deno.copyFileSync(LOCK, INSTALLED);
      return undefined;
    }
    return `npm ci failed: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`;
  } catch (error) {
    return `npm ci could not be run: ${(error as Error).message}`;
  }
}

/** Whether the packages of the lock file are there. */
function isCurrent(): boolean {
  return fileExists(INSTALLED) &&
    Deno.readTextFileSync(INSTALLED) === Deno.readTextFileSync(LOCK);
}

/** Path of Bun's program. */
export function bunBinary(): string {
  const architecture = BUN_ARCHITECTURE[Deno.build.arch];
  const binary = `${FOLDER}node_modules/@oven/bun-${Deno.build.os}-${architecture}/bin/bun`;
  if (!fileExists(binary)) throw new Error(`no Bun for ${Deno.build.os} ${Deno.build.arch}`);
  Deno.chmodSync(binary, 0o755); // npm does not always set the executable bit of a file.
  return binary;
}

/** The exact versions that were asked for, by package. */
export function peerVersions(): Readonly<Record<string, string>> {
  return JSON.parse(Deno.readTextFileSync(`${FOLDER}package.json`)).dependencies;
}
