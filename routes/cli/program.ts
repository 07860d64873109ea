/**
 * The program: one tree of commands, one style of errors, one set of exit codes.
 *
 * @module
 */
import { Command, CommanderError, type Option } from "commander";
import { backupCommand } from "./backup.ts";
import type { CommandContext, End } from "./command_context.ts";
import { CommandError } from "./command_error.ts";
import { configCommand } from "./config.ts";
import { epochCommand } from "./epoch.ts";
import { EXIT } from "./exit_codes.ts";
import { keysCommand } from "./keys.ts";
import { serveCommand } from "./serve.ts";
import { tailCommand } from "./tail.ts";
import { tapeCommand } from "./tape.ts";
import { explainUsage } from "./usage.ts";
import { requireValues, ValueOption } from "./value_option.ts";
import { VERSION } from "../../protocol/version.ts";

/** Name of the binary. */
const PROGRAM = "telemetry-gateway";

/** Width of the help, in characters. */
const HELP_WIDTH = 100;

const NOTES = `
Every command has a --help with its options and examples. From source, "deno task NAME" runs the
same command; "deno task start" is serve.

examples:
  telemetry-gateway --port 9000
  telemetry-gateway tail positions risk-alerts --replay
  telemetry-gateway config print > telemetry.json`;

/**
 * The tree of commands. Definitions alone: what a command does is imported when it runs.
 *
 * @param end Takes the exit code of the command that ran.
 */
export function createProgram(context: CommandContext, end: End): Command {
  const program = new Command(PROGRAM)
    .description("Streams trading telemetry to UIs and automation over WebSocket.")
    .version(`${PROGRAM} ${VERSION}`, "--version", "print the version")
    .addCommand(serveCommand(context, end), { isDefault: true })
    .addCommand(tailCommand(context, end))
    .addCommand(tapeCommand(context, end))
    .addCommand(configCommand(context))
    .addCommand(backupCommand(context, end))
    .addCommand(epochCommand(context, end))
    .addCommand(keysCommand(context, end))
    .addHelpText("after", NOTES)
    .hook("preAction", (_program, command) => requireValues(command));
  prepare(program, context);
  return program;
}

/** Gives a command and those below it the output, help and errors of the program. */
function prepare(command: Command, context: CommandContext): void {
  command
    .helpOption("-h, --help", "print this help")
    .configureOutput({
      writeOut: context.write,
      // Errors are printed once, by {@link runProgram}.
      writeErr: () => {},
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ optionTerm })
    .exitOverride((error) => {
      throw isOutput(error) ? error : explainUsage(error, command);
    });
  for (const subcommand of command.commands) prepare(subcommand, context);
}

function optionTerm(option: Option): string {
  return option instanceof ValueOption ? `${option.long} ${option.placeholder}` : option.flags;
}

/** Whether the parser ended because it has printed help or version. */
function isOutput({ code }: CommanderError): boolean {
  return code === "commander.helpDisplayed" || code === "commander.version";
}

/**
 * Runs a command line.
 *
 * @param args The arguments after the program's name.
 * @returns The exit code. A gateway that was started runs on.
 * @throws Errors that nobody expects.
 */
export async function runProgram(
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(context, (code) => exitCode = code);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommandError) {
      context.printError(`error: ${error.message}`);
      return error.exitCode;
    }
    if (error instanceof CommanderError) return EXIT.ok;
    throw error;
  }
}
