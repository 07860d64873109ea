/**
 * The program in this process: command lines go in; what comes out is the exit code, the text, and
 * what a command would have been run with.
 *
 * @module
 */
import type { BackupOptions } from "../../routes/cli/backup.ts";
import type { CommandContext, Runs } from "../../routes/cli/command_context.ts";
import type { KeysOptions } from "../../routes/cli/keys.ts";
import type { Settings } from "../../routes/cli/load_config.ts";
import { runProgram } from "../../routes/cli/program.ts";
import type { TailOptions } from "../../routes/cli/tail.ts";
import type { TapeOptions } from "../../routes/cli/tape.ts";
import type { Config } from "../../protocol/config.ts";

/** What surrounds the program; what is absent is empty. */
export type ProgramOptions = Partial<Omit<CommandContext, "runs">> & {
  readonly args: readonly string[];
  /** Instead of commands that do nothing. */
  readonly runs?: Partial<Runs>;
};

/** What came out. */
export interface ProgramResult {
  readonly code: number;
  readonly out: string;
  /** Lines of standard error. */
  readonly errors: readonly string[];
  /** What each command was run with. */
  readonly serve?: Settings;
  readonly tail?: TailOptions;
  readonly tape?: TapeOptions;
  readonly backup?: BackupOptions;
  readonly rotateEpoch?: Config;
  readonly keys?: KeysOptions;
}

/** Nothing around the program, and commands that do nothing. */
export const EMPTY_CONTEXT: CommandContext = {
  env: {},
  readFile: () => "{}",
  write: () => {},
  printError: () => {},
  runs: {
    serve: () => Promise.resolve(0),
    tail: () => Promise.resolve(0),
    tape: () => Promise.resolve(0),
    backup: () => Promise.resolve(0),
    rotateEpoch: () => Promise.resolve(0),
    keys: () => Promise.resolve(0),
  },
};

/** Runs a command line in this process. */
export async function runInProcess(options: ProgramOptions): Promise<ProgramResult> {
  const { args, runs, ...context } = options;
  const ran: Record<string, unknown> = {};
  const record = (name: string) => (given: unknown) => {
    ran[name] = given;
    return Promise.resolve(0);
  };
  const errors: string[] = [];
  let out = "";
  const code = await runProgram(args, {
    ...EMPTY_CONTEXT,
    write: (text) => void (out += text),
    printError: (line) => void errors.push(line),
    ...context,
    runs: {
      serve: record("serve"),
      tail: record("tail"),
      tape: record("tape"),
      backup: record("backup"),
      rotateEpoch: record("rotateEpoch"),
      keys: record("keys"),
      ...runs,
    },
  });
  return { code, out, errors, ...ran };
}
