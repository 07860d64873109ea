/**
 * Says what to set when Deno's permissions do not cover a configured path.
 *
 * @module
 */
import { EXTRA_VARIABLES } from "../../protocol/config/options.ts";
import { ConfigError, describeOrigin, type Origin } from "./config_error.ts";

/** How a path is to be used. */
export type Access = "read" | "write";

/** A path that the permissions do not cover. */
export interface UncoveredPath {
  /** The option that names it: `store.dataDir`, or `--config`. */
  readonly option: string;
  /** As configured. */
  readonly path: string;
  /** Where it was configured. */
  readonly origin: Origin;
  /** Everything that the process does with it. */
  readonly access: readonly Access[];
  /** The variable that `deno task start` reads to grant it. */
  readonly variable: string;
}

/** The variable of the configuration file, for {@link UncoveredPath}. */
export const CONFIG_VARIABLE: string = EXTRA_VARIABLES.config;

/** The line that stops the start. */
export function uncoveredPath(uncovered: UncoveredPath): ConfigError {
  const { option, path, origin } = uncovered;
  const message = `${option}: the ${uncovered.access.join(" and ")} permission of Deno does not ` +
    `cover ${path} (from the ${describeOrigin(origin)}); ${remedy(uncovered)}`;
  return new ConfigError(option, origin, message);
}

function remedy({ path, origin, access, variable }: UncoveredPath): string {
  if (path.includes(",")) return "choose a path without a comma, which no permission can name";
  const flags = access.map((kind) => `--allow-${kind}=${path}`).join(" ");
  const byHand = `run deno with ${flags}`;
  return origin.layer === "flag"
    ? `set ${variable} in the environment instead of the flag, so that deno task start can grant it, or ${byHand}`
    : `start with deno task start, which grants what the environment names, or ${byHand}`;
}
