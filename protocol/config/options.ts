/**
 * The options as a table, read out of the schema: what flags, environment variables, `--help` and
 * the reference in the docs are made of.
 *
 * @module
 */
import { z } from "zod";
import { SECTIONS } from "./sections.ts";

/** What kind of value an option holds. */
export type OptionKind = "integer" | "number" | "text" | "boolean" | "list";

/** One option. */
export interface ConfigOption {
  /** Section and key, as in the file: `server.port`. */
  readonly path: string;
  readonly section: string;
  /** The key within the section. */
  readonly key: string;
  /** The command-line flag: `--port`. */
  readonly flag: string;
  /** The environment variable: `TELEMETRY_PORT`. */
  readonly variable: string;
  /** What kind of value it holds. */
  readonly kind: OptionKind;
  /** What it is when nobody sets it; `undefined` when that depends on the surroundings. */
  readonly default: unknown;
  /** The unit of a number; absent where it has none. */
  readonly unit?: string;
  /** What is accepted, for people: `an integer from 0 to 65535`. */
  readonly allowed: string;
  /** What it is for, in one sentence. */
  readonly description: string;
  /** Checks one value and normalises it. */
  readonly schema: z.ZodType;
}

/** Variables that are no options of the file: where the file is, the keys, and the machine. */
export const EXTRA_VARIABLES = {
  /** Path of the configuration file; `--config` goes before it. */
  config: "TELEMETRY_CONFIG",
  /** The key with every scope. */
  apiKey: "TELEMETRY_API_KEY",
  /** The same under the name that deployed machines have set; used when the first is not. */
  deployedApiKey: "FMPS_API_KEY",
  /** A key with the scope metrics, under the name that deployed machines have set. */
  metricsApiKey: "FMPS_METRICS_API_KEY",
  /** Boot id and descriptor limit of the machine, put there by the tasks. */
  machineFacts: "TELEMETRY_MACHINE_FACTS",
} as const;

/** What every variable of the gateway starts with. */
export const VARIABLE_PREFIX = "TELEMETRY_";

/** The parts of JSON Schema that option schemas turn into, with what `meta` adds. */
interface OptionSchema {
  readonly type: "integer" | "number" | "string" | "boolean" | "array";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly items?: { readonly enum?: readonly string[] };
  readonly default?: unknown;
  readonly description: string;
  readonly unit?: string;
  readonly allowed?: string;
  readonly name?: string;
}

const KINDS = {
  integer: "integer",
  number: "number",
  string: "text",
  boolean: "boolean",
  array: "list",
} as const;

/** Every option, in the order of the schema. */
export const CONFIG_OPTIONS: readonly ConfigOption[] = Object.entries(SECTIONS).flatMap((
  [section, { shape }],
) => Object.entries<z.ZodType>(shape).map(([key, schema]) => describe(section, key, schema)));

function describe(section: string, key: string, schema: z.ZodType): ConfigOption {
  const json = z.toJSONSchema(schema, { io: "input" }) as unknown as OptionSchema;
  const name = json.name ?? key;
  return {
    path: `${section}.${key}`,
    section,
    key,
    flag: `--${splitWords(name, "-").toLowerCase()}`,
    variable: VARIABLE_PREFIX + splitWords(name, "_").toUpperCase(),
    kind: KINDS[json.type],
    default: json.default,
    ...(json.unit === undefined ? {} : { unit: json.unit }),
    allowed: describeAllowed(json),
    description: json.description,
    schema,
  };
}

function describeAllowed(json: OptionSchema): string {
  if (json.allowed !== undefined) return json.allowed;
  switch (json.type) {
    case "integer":
      return `an integer from ${json.minimum} to ${json.maximum}`;
    case "number":
      return `a number from ${json.minimum} to ${json.maximum}`;
    case "boolean":
      return "true or false";
    case "array":
      return `a list of: ${json.items?.enum?.join(", ") ?? "texts"}`;
    case "string":
      return json.enum?.join(", ") ?? "a text";
  }
}

/** `maxBodyBytes` → `max-Body-Bytes`. */
function splitWords(name: string, separator: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => separator + letter);
}

/** The option at a path of the file, if there is one. */
export function findOption(path: string): ConfigOption | undefined {
  return CONFIG_OPTIONS.find((option) => option.path === path);
}
