/**
 * Signals that end the process.
 *
 * @module
 */

/** Calls once when the process is asked to end; a second request ends it at once. */
export function onShutdownSignal(shutdown: (signal: Deno.Signal) => void): void {
  // SIGTERM cannot be listened to on Windows.
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  let asked = false;
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      if (asked) Deno.exit(130);
      asked = true;
      shutdown(signal);
    });
  }
}
