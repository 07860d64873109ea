/**
 * Errors that end a command with one line and an exit code. Any other error is a fault of the
 * program and keeps its stack trace.
 *
 * @module
 */
import { EXIT } from "./exit_codes.ts";

/** What went wrong and what to do, on one line: printed as `error: …` on standard error. */
export class CommandError extends Error {
  /** The name of the class. */
  override readonly name: string = "CommandError";
  /** One of {@link EXIT}. */
  readonly exitCode: number;

  /** White space in the message becomes single spaces, so that it is one line. */
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message.replaceAll(/\s+/g, " "));
    this.exitCode = exitCode;
  }
}

/** A command line that was not understood. */
export class UsageError extends CommandError {
  /** `UsageError`. */
  override readonly name = "UsageError";

  /** An error with exit code 64. */
  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
