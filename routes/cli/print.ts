/**
 * Lines for the terminal, or for whoever collects the output of the process.
 *
 * @module
 */
// deno-lint-ignore-file no-console

/** Writes a line to the standard output. */
export function printLine(line: string): void {
  console.log(line);
}

/** Writes a line to the standard error output, which people see when the other is redirected. */
export function printError(line: string): void {
  console.error(line);
}
