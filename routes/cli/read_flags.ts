/**
 * Options from the command line.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  CONFIG_OPTIONS,
  type ConfigOption,
  EXTRA_VARIABLES,
} from "../../protocol/config/options.ts";
import { type Assignment, parseText } from "./assignment.ts";
import { ConfigError, type Origin } from "./config_error.ts";
import { suggestion } from "./did_you_mean.ts";

/** What the command line says. */
export interface Flags {
  /** Options in the order of the command line; the last one of a name counts. */
  readonly assignments: readonly Assignment[];
  /** Path given by `--config`. */
  readonly configFile?: string;
  /** Whether `--print-config` was given. */
  readonly printConfig: boolean;
}

/** Flags that are no options of the file. */
export const EXTRA_FLAGS = ["--config", "--print-config", "--help", "--version"] as const;

const BY_FLAG: ReadonlyMap<string, ConfigOption> = new Map(
  CONFIG_OPTIONS.map((option) => [option.flag, option]),
);
const PARSER_OPTIONS = Object.fromEntries(
  ["--config", ...BY_FLAG.keys()].map((flag) => {
    const type = BY_FLAG.get(flag)?.kind === "boolean" ? "boolean" : "string";
    return [flag.slice(2), { type } as const];
  }),
);

/**
 * Reads flags: `--port 80`, `--port=80`, `--demo`, `--demo=false`, `--no-demo`.
 *
 * @throws {ConfigError} On the first flag that is unknown or lacks its value.
 */
export function readFlags(args: readonly string[]): Flags {
  const assignments: Assignment[] = [];
  let configFile: string | undefined;
  let printConfig = false;
  const { tokens } = parseArgs({
    args: [...args],
    options: PARSER_OPTIONS,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") throw unexpectedArgument(args[token.index] ?? "");
    const flag = token.rawName;
    const origin: Origin = { layer: "flag", name: flag };
    if (flag === "--print-config") {
      if (token.value !== undefined) throw needlessValue(flag);
      printConfig = true;
    } else if (flag === "--config") {
      configFile = requireValue(flag, token.value, token.inlineValue, "the path of a file");
    } else {
      const { option, negated } = flagOption(flag);
      if (option.kind === "boolean") {
        if (negated && token.value !== undefined) throw needlessValue(flag);
        const value = negated ? false : token.value === undefined || parseText(option, token.value);
        assignments.push({ option, value, origin });
      } else {
        const text = requireValue(flag, token.value, token.inlineValue, option.allowed);
        assignments.push({ option, value: parseText(option, text), origin });
      }
    }
  }
  return { assignments, printConfig, ...(configFile === undefined ? {} : { configFile }) };
}

function flagOption(flag: string): { option: ConfigOption; negated: boolean } {
  const option = BY_FLAG.get(flag);
  if (option !== undefined) return { option, negated: false };
  const negated = flag.startsWith("--no-") ? BY_FLAG.get(`--${flag.slice(5)}`) : undefined;
  if (negated?.kind === "boolean") return { option: negated, negated: true };
  throw unknownFlag(flag);
}

function unknownFlag(flag: string): ConfigError {
  const origin: Origin = { layer: "flag", name: flag };
  const hint = /^--(?:telemetry-|fmps-)?api-?key\b/i.test(flag)
    ? `; a key is never a flag, where other users could see it: set ${EXTRA_VARIABLES.apiKey} in the environment`
    : suggestion(flag, [...BY_FLAG.keys(), ...EXTRA_FLAGS]);
  // What follows an "=" may be a secret.
  const name = flag.replace(/=.*$/s, "");
  return new ConfigError(name, origin, `${name}: unknown flag${hint || "; --help lists them all"}`);
}

function unexpectedArgument(argument: string): ConfigError {
  const origin: Origin = { layer: "flag", name: argument };
  return new ConfigError(
    argument,
    origin,
    `${argument}: unexpected argument; options are written as --name value, switches as --name or --name=false`,
  );
}

function needlessValue(flag: string): ConfigError {
  return new ConfigError(flag, { layer: "flag", name: flag }, `${flag}: takes no value`);
}

function requireValue(
  flag: string,
  value: string | undefined,
  inline: boolean | undefined,
  allowed: string,
): string {
  // `--host --demo` is a forgotten value; a value that does start with dashes needs the "=".
  if (value !== undefined && (inline === true || !value.startsWith("--"))) return value;
  const origin: Origin = { layer: "flag", name: flag };
  throw new ConfigError(flag, origin, `${flag}: needs a value; expected ${allowed}`);
}
