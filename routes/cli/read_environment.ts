/**
 * Options from environment variables.
 *
 * @module
 */
import {
  CONFIG_OPTIONS,
  type ConfigOption,
  EXTRA_VARIABLES,
  VARIABLE_PREFIX,
} from "../../protocol/config/options.ts";
import { type Assignment, parseText } from "./assignment.ts";
import { ConfigError, type Origin } from "./config_error.ts";
import { suggestion } from "./did_you_mean.ts";
import { isServiceVariable } from "./kubernetes_variables.ts";

const BY_VARIABLE: ReadonlyMap<string, ConfigOption> = new Map(
  CONFIG_OPTIONS.map((option) => [option.variable, option]),
);

/** What the environment says. */
export interface Environment {
  /** The options that it sets. */
  readonly assignments: readonly Assignment[];
  /** Names of variables that Kubernetes has set for Services. */
  readonly ignored: readonly string[];
}

/**
 * Reads `TELEMETRY_*`, without what Kubernetes sets for Services of such names. An empty variable counts as unset, as container files can only do that.
 *
 * @throws {ConfigError} On a variable with the prefix that means nothing.
 */
export function readEnvironment(env: Readonly<Record<string, string>>): Environment {
  const assignments: Assignment[] = [];
  const ignored: string[] = [];
  const extra: ReadonlySet<string> = new Set(Object.values(EXTRA_VARIABLES));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(VARIABLE_PREFIX) || extra.has(name)) continue;
    if (isServiceVariable(name, text)) {
      ignored.push(name);
      continue;
    }
    const origin: Origin = { layer: "environment", name };
    const option = BY_VARIABLE.get(name);
    if (option === undefined) {
      const hint = suggestion(name, [...BY_VARIABLE.keys(), ...extra]);
      throw new ConfigError(name, origin, `${name}: unknown environment variable${hint}`);
    }
    if (text !== "") assignments.push({ option, value: parseText(option, text), origin });
  }
  return { assignments, ignored: ignored.sort() };
}
