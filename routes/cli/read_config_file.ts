/**
 * Options from the configuration file.
 *
 * @module
 */
import { CONFIG_OPTIONS, EXTRA_VARIABLES, findOption } from "../../protocol/config/options.ts";
import type { Assignment } from "./assignment.ts";
import { ConfigError, type Origin } from "./config_error.ts";
import { suggestion } from "./did_you_mean.ts";

/**
 * Reads the text of a configuration file.
 *
 * @param path Of the file, for messages.
 * @throws {ConfigError} When it is not JSON or holds something unknown.
 */
export function readConfigFile(path: string, text: string): readonly Assignment[] {
  const origin: Origin = { layer: "file", name: path };
  const assignments: Assignment[] = [];
  const root = asObject(parseJson(text, origin), "everything", origin);
  for (const [section, content] of Object.entries(root)) {
    const known = CONFIG_OPTIONS.some((option) => option.section === section);
    if (!known) throw unknownKey(section, origin);
    for (const [key, value] of Object.entries(asObject(content, section, origin))) {
      const option = findOption(`${section}.${key}`);
      if (option === undefined) throw unknownKey(`${section}.${key}`, origin);
      assignments.push({ option, value, origin });
    }
  }
  return assignments;
}

function parseJson(text: string, origin: Origin): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    // The engine's message quotes the text; only the place is safe to repeat.
    const place = /line \d+ column \d+/.exec(String(error))?.[0];
    const where = place === undefined ? "" : ` (${place})`;
    throw new ConfigError(origin.name, origin, `${origin.name}: the file is not JSON${where}`);
  }
}

function asObject(value: unknown, what: string, origin: Origin): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ConfigError(what, origin, `${what} in the file ${origin.name}: expected an object`);
}

function unknownKey(path: string, origin: Origin): ConfigError {
  const paths = CONFIG_OPTIONS.map((option) => option.path);
  const sections = new Set(CONFIG_OPTIONS.map((option) => option.section));
  const hint = /api_?key|secret|password/i.test(path)
    ? `; a key is never kept in the file: set ${EXTRA_VARIABLES.apiKey} in the environment`
    : suggestion(path, path.includes(".") ? paths : [...sections, ...paths]);
  return new ConfigError(path, origin, `${path} in the file ${origin.name}: unknown option${hint}`);
}
