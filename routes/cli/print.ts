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

/** Writes text to the standard output as it is. */
export function printText(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}
