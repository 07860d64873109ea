/**
 * Options that take a value.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { UsageError } from "./command_error.ts";

/**
 * An option that needs a value. For the parser it is optional: then `--host --demo` is a forgotten
 * value and not a host called `--demo`, and {@link requireValues} reports it. A value that does
 * begin with dashes is written as `--host=--demo`.
 */
export class ValueOption extends Option {
  /** What is accepted, for people. */
  readonly expected: string;
  /** Name of the value in the help. */
  readonly placeholder: string;

  /** An option `flag` with one value, shown in the help as `placeholder`. */
  constructor(flag: string, placeholder: string, expected: string, description: string) {
    super(`${flag} [${placeholder}]`, description);
    this.expected = expected;
    this.placeholder = placeholder;
  }
}

/**
 * Checks a command that was parsed.
 *
 * @throws {UsageError} When one of its options lacks its value.
 */
export function requireValues(command: Command): void {
  for (const option of command.options) {
    if (!(option instanceof ValueOption)) continue;
    if (command.getOptionValue(option.attributeName()) !== true) continue;
    throw new UsageError(`${option.long}: needs a value; expected ${option.expected}`);
  }
}
