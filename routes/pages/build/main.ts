// deno-lint-ignore-file no-console -- a script talks to whoever runs it
/**
 * Builds the pages where their sources have changed: `deno task build:pages`. Whatever starts the
 * gateway runs it first, so the bundler is loaded only when there is something to do.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { BUILT_FILE, type BuiltPages } from "../built_pages.ts";
import { fingerprint } from "./fingerprint.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

/**
 * Builds the pages, unless they are there already.
 *
 * @returns Whether there was something to do.
 * @throws {Error} When a source has a fault.
 */
export async function buildPages(root: string = ROOT): Promise<boolean> {
  const file = `${root}/${BUILT_FILE}`;
  const sources = fingerprint(root);
  if (readBuilt(file)?.fingerprint === sources) return false;
  const { bundle } = await import("./bundle.ts");
  const built = await bundle(root, sources);
  Deno.mkdirSync(dirname(file), { recursive: true });
  // Others may build at the same time; whoever reads finds a whole file.
  const draft = `${file}.${crypto.randomUUID()}`;
  Deno.writeTextFileSync(draft, JSON.stringify(built));
  Deno.renameSync(draft, file);
  return true;
}

function readBuilt(file: string): BuiltPages | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const from = performance.now();
  try {
    if (await buildPages()) {
      console.error(`pages built in ${(performance.now() - from).toFixed(0)} ms`);
    }
  } catch (error) {
    console.error(`the pages cannot be built: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
