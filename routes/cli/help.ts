/**
 * What `--help` prints, made from the schema.
 *
 * @module
 */
import {
  CONFIG_OPTIONS,
  type ConfigOption,
  EXTRA_VARIABLES,
} from "../../protocol/config/options.ts";

/** Width of the help, in characters. */
const WIDTH = 100;

const INDENT = " ".repeat(6);

const EXTRA_HELP = [
  ["--config FILE", `JSON file with the options below; also ${EXTRA_VARIABLES.config}.`],
  ["--print-config", "Prints the resulting options as such a file, without keys, and ends."],
  ["--version", "Prints the version and ends."],
  ["--help, -h", "Prints this and ends."],
] as const;

/** The text of `--help`. */
export function helpText(version: string): string {
  const sections = [...new Set(CONFIG_OPTIONS.map((option) => option.section))];
  return [
    `telemetry-gateway ${version}: streams trading telemetry to UIs and automation over WebSocket.`,
    "",
    "usage: deno task start [options]",
    "",
    "Defaults give way to the file, the file to the environment, the environment to flags.",
    "",
    ...EXTRA_HELP.flatMap(([flag, text]) => [`  ${flag}`, ...wrap(text)]),
    ...sections.flatMap((section) => [
      "",
      `${section}:`,
      ...CONFIG_OPTIONS.filter((option) => option.section === section).flatMap(describe),
    ]),
    "",
    "keys (environment only):",
    `  ${EXTRA_VARIABLES.apiKey}`,
    ...wrap(
      `The key with every scope. ${EXTRA_VARIABLES.deployedApiKey} is read when it is not set. ` +
        "Without either, a gateway on a loopback address makes a development key.",
    ),
    "",
    "examples:",
    "  deno task start",
    "  deno task start --port 9000 --heartbeat-interval-seconds 5",
    "  deno task demo --demo-seed 7",
    "  TELEMETRY_API_KEY=… deno task start --host 0.0.0.0 --public-hosts desk.example",
    "  TELEMETRY_CONFIG=telemetry.json TELEMETRY_DATA_DIR=/var/lib/telemetry deno task start",
    "  deno task start --print-config > telemetry.json",
  ].join("\n");
}

function describe(option: ConfigOption): string[] {
  const value = option.kind === "boolean" ? "" : ` ${placeholder(option)}`;
  const text = `${option.description} Allowed: ${option.allowed}. ${describeDefault(option)}`;
  return [`  ${option.flag}${value}  [${option.variable}]`, ...wrap(text)];
}

function placeholder({ kind, unit }: ConfigOption): string {
  if (kind === "list") return "A,B";
  if (kind === "text") return "TEXT";
  return (unit ?? "number").toUpperCase();
}

function describeDefault(option: ConfigOption): string {
  if (option.default === undefined) return "";
  const value = Array.isArray(option.default) ? option.default.join(",") : String(option.default);
  return `Default: ${value === "" ? "none" : value}.`;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.trim().split(" ")) {
    if (line !== "" && INDENT.length + line.length + 1 + word.length > WIDTH) {
      lines.push(INDENT + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, INDENT + line];
}
