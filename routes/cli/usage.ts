/**
 * Explains errors of the command line, with a suggestion where a name is close.
 *
 * @module
 */
import type { Command, CommanderError } from "commander";
import { EXTRA_VARIABLES } from "../../protocol/config/options.ts";
import { UsageError } from "./command_error.ts";
import { suggestion } from "./did_you_mean.ts";

/** The words that call a command, without the name of the program: `epoch rotate`. */
export function commandPath(command: Command): string {
  const { parent } = command;
  if (parent === null) return "";
  return `${commandPath(parent)} ${command.name()}`.trim();
}

/** The error of the parser in the style of the program. The parser quotes names in its messages. */
export function explainUsage(error: CommanderError, command: Command): UsageError {
  const quoted = /'([^']*)'/s.exec(error.message)?.[1] ?? "";
  const seeHelp = `; ${commandPath(command)} --help explains it`.replace("  ", " ");
  const subcommands = command.commands.map((subcommand) => subcommand.name());
  switch (error.code) {
    case "commander.unknownOption":
      return unknownOption(quoted, command, seeHelp);
    case "commander.missingArgument":
      return new UsageError(`${commandPath(command)}: ${quoted} is missing${seeHelp}`);
    case "commander.excessArguments":
      return excessArgument(command, seeHelp);
    case "commander.unknownCommand":
      return new UsageError(
        `${quoted}: unknown command${suggestion(quoted, subcommands) || seeHelp}`,
      );
    case "commander.help":
      return new UsageError(`${commandPath(command)}: needs a command: ${subcommands.join(", ")}`);
    default:
      return new UsageError(error.message.replace(/^error: /, ""));
  }
}

function unknownOption(text: string, command: Command, seeHelp: string): UsageError {
  // What follows an "=" may be a secret.
  const flag = text.replace(/=.*$/s, "");
  const known = command.options.flatMap(({ long }) => long ?? []);
  if (flag !== text && known.includes(flag)) return new UsageError(`${flag}: takes no value`);
  const file = known.includes("--api-key-file") ? ", or name a file with --api-key-file" : "";
  const hint = /^--(?:telemetry-|fmps-)?api-?key\b/i.test(flag)
    ? `; a key is never a flag, where other users could see it: set ${EXTRA_VARIABLES.apiKey} in the environment${file}`
    : suggestion(flag, known.filter((name) => !name.startsWith("--no-"))) || seeHelp;
  return new UsageError(`${flag}: unknown option${hint}`);
}

function excessArgument(command: Command, seeHelp: string): UsageError {
  const argument = command.args[command.registeredArguments.length] ?? "";
  const siblings = command.parent?.commands.map((sibling) => sibling.name()) ?? [];
  // `serve` is what runs without a command: what it does not take may be a mistyped command.
  if (command.name() === "serve") {
    const hint = suggestion(argument, siblings) || "; --help lists the commands";
    return new UsageError(`${argument}: unknown command${hint}`);
  }
  return new UsageError(`${argument}: unexpected argument${seeHelp}`);
}
