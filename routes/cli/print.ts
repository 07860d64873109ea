/**
 * Writes to standard output and standard error.
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

/** Writes text to the standard output as it is; a closed output is no error (`| head`). */
export function printText(text: string): void {
  writeText(Deno.stdout, text);
}

/** Writes text to a stream of the process as it is; what a closed one does not take is dropped. */
export function writeText(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
