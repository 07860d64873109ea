/**
 * The options of the configuration schema as flags of a command.
 *
 * @module
 */
import { type Command, Option } from "commander";
import {
  CONFIG_OPTIONS,
  type ConfigOption,
  EXTRA_VARIABLES,
} from "../../protocol/config/options.ts";
import { type Assignment, parseText } from "./assignment.ts";
import { ValueOption } from "./value_option.ts";

/** What the flags say. */
export interface ConfigFlags {
  /** The options that were given; the last one of a name counts. */
  readonly assignments: readonly Assignment[];
  /** Path given by `--config`. */
  readonly configFile?: string;
}

/** Adds `--config` and flags for options of the schema; all of them by default. */
export function addConfigFlags(
  command: Command,
  options: readonly ConfigOption[] = CONFIG_OPTIONS,
): Command {
  const description = `JSON file with the options below; also ${EXTRA_VARIABLES.config}.`;
  command.addOption(new ValueOption("--config", "FILE", "the path of a file", description));
  for (const option of options) {
    const { flag, kind, section } = option;
    if (kind === "boolean") {
      const sides = new Option(`${flag} [BOOLEAN]`, describe(option)).helpGroup(`${section}:`);
      command.addOption(sides);
      command.addOption(new Option(flag.replace("--", "--no-")).hideHelp());
    } else {
      const value = new ValueOption(flag, placeholder(option), option.allowed, describe(option));
      command.addOption(value.helpGroup(`${section}:`));
    }
  }
  return command;
}

/** Reads the flags of {@link addConfigFlags} from a command that was parsed. */
export function readConfigFlags(command: Command): ConfigFlags {
  const assignments: Assignment[] = [];
  for (const option of CONFIG_OPTIONS) {
    const given = valueOf(command, option.flag);
    if (given === undefined) continue;
    const value = typeof given === "string" ? parseText(option, given) : given;
    assignments.push({ option, value, origin: { layer: "flag", name: option.flag } });
  }
  const configFile = valueOf(command, "--config");
  return { assignments, ...(typeof configFile === "string" && { configFile }) };
}

/** Text, or true and false of a switch; `undefined` when the flag was not given. */
function valueOf(command: Command, flag: string): unknown {
  const option = command.options.find(({ long }) => long === flag);
  return option === undefined ? undefined : command.getOptionValue(option.attributeName());
}

function placeholder({ kind, unit }: ConfigOption): string {
  if (kind === "list") return "A,B";
  if (kind === "text") return "TEXT";
  return (unit ?? "number").toUpperCase();
}

function describe(option: ConfigOption): string {
  const { description, allowed, variable } = option;
  return `${description} Allowed: ${allowed}. ${describeDefault(option)}[${variable}]`;
}

function describeDefault(option: ConfigOption): string {
  if (option.default === undefined) return "";
  const value = Array.isArray(option.default) ? option.default.join(",") : String(option.default);
  return `Default: ${value === "" ? "none" : value}. `;
}
