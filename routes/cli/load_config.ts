/**
 * Merges flags, environment and file into a valid configuration.
 * Defaults < machine < file < environment < flags. Pure: it is given everything that it reads.
 *
 * @module
 */
import { Config } from "../../protocol/config.ts";
import { CONFIG_OPTIONS, EXTRA_VARIABLES, findOption } from "../../protocol/config/options.ts";
import {
  type Conflict,
  findConflicts,
  findKeyConflict,
  findShortKey,
} from "../../protocol/config/rules.ts";
import { BY_DEFAULT, ConfigError, describeOrigin, type Origin, showValue } from "./config_error.ts";
import type { Assignment } from "./assignment.ts";
import { readConfigFile } from "./read_config_file.ts";
import { readEnvironment } from "./read_environment.ts";
import { keysFilePath } from "../auth/keys/keys_file_path.ts";
import type { ConfigFlags } from "./config_flags.ts";
import type { MachineFacts } from "./machine_facts.ts";
import { type Access, CONFIG_VARIABLE, uncoveredPath } from "./path_access.ts";

/** What the configuration is read from, beside the flags. */
export interface Surroundings {
  /** The environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Reads a file; throws as `Deno.readTextFileSync` does. */
  readonly readFile: (path: string) => string;
  /** Whether the permissions of the process cover a path; absent when that is not to be checked. */
  readonly mayAccess?: (access: Access, path: string) => boolean;
  /** Whether there is a file; absent when there is none. */
  readonly exists?: (path: string) => boolean;
  /** Facts of the machine: defaults of options that are not set. */
  readonly machine?: MachineFacts;
}

/** A valid configuration, and where it came from. */
export interface LoadedConfig {
  /** Checked, with every default filled in. */
  readonly config: Config;
  /** Path of the configuration file, if there is one. */
  readonly configFile: string | undefined;
  /** Where each option was set; options of the defaults are absent. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Names of variables that Kubernetes has set for Services; they mean nothing here. */
  readonly ignoredVariables: readonly string[];
}

/** What a gateway is started with. */
export interface Settings {
  /** Checked, with every default filled in. */
  readonly config: Config;
  /** The key with every scope, if one is set. A secret: never logged, never printed. */
  readonly apiKey?: string;
  /** The key with the scope metrics, if one is set. A secret as well. */
  readonly metricsApiKey?: string;
  /** Path of the configuration file, if there is one. */
  readonly configFile?: string;
  /** Names of variables that Kubernetes has set for Services. */
  readonly ignoredVariables: readonly string[];
}

/** What a key may look like: it must survive as an HTTP header. Length in characters. */
const API_KEY = /^[\x21-\x7e]{1,512}$/;

/**
 * Merges defaults, machine, file, environment and flags.
 *
 * @throws {ConfigError} On anything unknown, not allowed or contradictory.
 */
export function loadConfig(flags: ConfigFlags, surroundings: Surroundings): LoadedConfig {
  const { assignments: environment, ignored } = readEnvironment(surroundings.env);
  const { path: configFile, assignments: file } = loadFile(surroundings, flags.configFile);
  const machine = readMachine(surroundings.machine ?? {});
  const layers = [...machine, ...file, ...environment, ...flags.assignments].map(checkValue);
  const origins = new Map(layers.map(({ option, origin }) => [option.path, origin]));
  return { config: merge(layers, origins), configFile, origins, ignoredVariables: ignored };
}

/**
 * Everything that a gateway is started with.
 *
 * @throws {ConfigError} As {@link loadConfig}, and without a key where one is needed, or when the
 * permissions do not cover the data directory.
 */
export function loadSettings(flags: ConfigFlags, surroundings: Surroundings): Settings {
  const { config, configFile, origins, ignoredVariables } = loadConfig(flags, surroundings);
  const { env } = surroundings;
  const apiKey = readApiKey(env, EXTRA_VARIABLES.apiKey, EXTRA_VARIABLES.deployedApiKey);
  const metricsApiKey = readApiKey(env, EXTRA_VARIABLES.metricsApiKey);
  const hasKey = apiKey !== undefined || hasKeysFile(config, surroundings);
  for (const { name, key } of [apiKey ?? [], metricsApiKey ?? []].flat()) {
    const conflict = findShortKey(config, name, key);
    if (conflict !== undefined) throw conflictError(conflict, config, origins);
  }
  const conflict = findKeyConflict(config, hasKey);
  if (conflict !== undefined) throw conflictError(conflict, config, origins);
  requireKeysFile(surroundings, config, origins);
  // Without a key of its own the gateway keeps a development key in the data directory.
  if (!hasKey || config.store.kind === "sqlite") {
    requireDataDir(surroundings, config.store.dataDir, origins.get("store.dataDir") ?? BY_DEFAULT);
  }
  return {
    config,
    ignoredVariables,
    ...(apiKey !== undefined && { apiKey: apiKey.key }),
    ...(metricsApiKey !== undefined && { metricsApiKey: metricsApiKey.key }),
    ...(configFile !== undefined && { configFile }),
  };
}

function readMachine({ bootId, fileDescriptorLimit }: MachineFacts): Assignment[] {
  const origin: Origin = { layer: "machine", name: "" };
  return [
    { option: findOption("store.bootId")!, value: bootId, origin },
    { option: findOption("server.fileDescriptorLimit")!, value: fileDescriptorLimit, origin },
  ].filter(({ value }) => value !== undefined);
}

function loadFile(
  surroundings: Surroundings,
  flag: string | undefined,
): { readonly path: string | undefined; readonly assignments: readonly Assignment[] } {
  const variable = surroundings.env[CONFIG_VARIABLE];
  const path = flag ?? (variable === "" ? undefined : variable);
  if (path === undefined) return { path, assignments: [] };
  const origin: Origin = flag === undefined
    ? { layer: "environment", name: CONFIG_VARIABLE }
    : { layer: "flag", name: "--config" };
  const { mayAccess } = surroundings;
  // Checked first: without --no-prompt, reading without permission would prompt at the terminal.
  if (mayAccess !== undefined && !mayAccess("read", path)) throw uncoveredFile(path, origin);
  let text: string;
  try {
    text = surroundings.readFile(path);
  } catch (error) {
    throw unreadableFile(path, origin, error);
  }
  return { path, assignments: readConfigFile(path, text) };
}

function unreadableFile(path: string, origin: Origin, error: unknown): ConfigError {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotCapable") return uncoveredFile(path, origin);
  const why = name === "NotFound" ? "no such file" : `cannot be read (${name || "unknown error"})`;
  return new ConfigError(origin.name, origin, `${origin.name}: ${path}: ${why}`);
}

function uncoveredFile(path: string, origin: Origin): ConfigError {
  const access = ["read"] as const;
  return uncoveredPath({ option: origin.name, path, origin, access, variable: CONFIG_VARIABLE });
}

/** Checks a value by itself, in every layer: one that is overridden may still not be wrong. */
function checkValue({ option, value, origin }: Assignment): Assignment {
  const parsed = option.schema.safeParse(value);
  if (parsed.success) return { option, value: parsed.data, origin };
  const message = `${option.path}: ${showValue(value)} from the ${describeOrigin(origin)} is not ` +
    `allowed; expected ${option.allowed}`;
  throw new ConfigError(option.path, origin, message);
}

function merge(layers: readonly Assignment[], origins: ReadonlyMap<string, Origin>): Config {
  const raw: Record<string, Record<string, unknown>> = {};
  for (const { option, value } of layers) (raw[option.section] ??= {})[option.key] = value;
  const parsed = Config.safeParse(raw);
  if (parsed.success) return parsed.data;
  // Each value is valid by itself, so that what is left are contradictions between them.
  const settings = withDefaults(raw);
  throw conflictError(findConflicts(settings)[0]!, settings, origins);
}

function withDefaults(raw: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Config {
  const settings: Record<string, Record<string, unknown>> = {};
  for (const option of CONFIG_OPTIONS) {
    const value = raw[option.section]?.[option.key] ?? option.default;
    (settings[option.section] ??= {})[option.key] = value;
  }
  return settings as Config;
}

function conflictError(
  { options, message }: Conflict,
  settings: Config,
  origins: ReadonlyMap<string, Origin>,
): ConfigError {
  const values = new Map<string, unknown>(
    Object.entries(settings).flatMap(([section, content]) =>
      Object.entries(content).map(([key, value]) => [`${section}.${key}`, value] as const)
    ),
  );
  const originOf = (path: string) => origins.get(path) ?? BY_DEFAULT;
  const named = options.map((path) =>
    `${path} = ${showValue(values.get(path))} (${describeOrigin(originOf(path))})`
  );
  return new ConfigError(
    options[0],
    originOf(options[0]),
    `${named.join(" with ")}: ${message}`,
  );
}

/** A key of the environment, and the variable that it is in. */
interface EnvironmentKey {
  readonly name: string;
  readonly key: string;
}

/** The key in the first of the variables that is set. */
function readApiKey(
  env: Readonly<Record<string, string>>,
  ...names: readonly string[]
): EnvironmentKey | undefined {
  for (const name of names) {
    const key = env[name];
    if (key === undefined || key === "") continue;
    if (API_KEY.test(key)) return { name, key };
    const origin: Origin = { layer: "environment", name };
    const message = `${name}: not a usable key; expected 1 to 512 visible ASCII characters ` +
      "without spaces";
    throw new ConfigError(name, origin, message);
  }
  return undefined;
}

/** Whether a keys file is named or exists: it counts as configured, even if it has no keys. */
function hasKeysFile(config: Config, { exists, mayAccess }: Surroundings): boolean {
  if (config.security.keysFile !== undefined) return true;
  const path = keysFilePath(config);
  return mayAccess?.("read", path) !== false && exists?.(path) === true;
}

function requireKeysFile(
  { mayAccess }: Surroundings,
  { security: { keysFile } }: Config,
  origins: ReadonlyMap<string, Origin>,
): void {
  if (keysFile === undefined || mayAccess?.("read", keysFile) !== false) return;
  const option = "security.keysFile";
  const origin = origins.get(option) ?? BY_DEFAULT;
  const variable = findOption(option)!.variable;
  throw uncoveredPath({ option, path: keysFile, origin, access: ["read", "write"], variable });
}

function requireDataDir(surroundings: Surroundings, path: string, origin: Origin): void {
  const { mayAccess } = surroundings;
  const access = ["read", "write"] as const;
  if (mayAccess === undefined || access.every((kind) => mayAccess(kind, path))) return;
  const option = "store.dataDir";
  throw uncoveredPath({ option, path, origin, access, variable: "TELEMETRY_DATA_DIR" });
}
