/**
 * The log on the standard output of the process.
 *
 * @module
 */
import type { Clock } from "../../actors/ports.ts";
import { LineWriter } from "./line_writer.ts";

/** Writes lines to the standard output, in batches; all of them are out before the process ends. */
export function logWriter(clock: Clock): (line: string, urgent: boolean) => void {
  const writer = new LineWriter(clock, (bytes) => Deno.stdout.writeSync(bytes));
  for (const end of ["unload", "error", "unhandledrejection"]) {
    globalThis.addEventListener(end, () => writer.flush());
  }
  return (line, urgent) => writer.write(line, urgent);
}
