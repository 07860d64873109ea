/**
 * The packages that building and trying the client needs.
 *
 * @module
 */
import { NpmTools } from "../../support/npm_tools.ts";
import { fromFileUrl } from "../../support/paths.ts";

export { run } from "../../support/npm_tools.ts";

/** Their folder. */
export const TOOLS: string = fromFileUrl(new URL("./", import.meta.url));

const tools = new NpmTools(TOOLS);

/**
 * Installs the packages when they are not there.
 *
 * @throws {Error} When npm is missing or fails.
 */
export function installTools(): Promise<void> {
  return tools.install();
}

/** Loads one of the packages; its types are not known here. */
// deno-lint-ignore no-explicit-any -- typed packages would have to be dependencies of the gateway
export function requireTool(name: string): any {
  return tools.require(name);
}
