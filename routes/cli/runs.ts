/**
 * What the commands do on this machine. Everything heavy is imported when its command runs.
 *
 * @module
 */
import type { Runs } from "./command_context.ts";
import { EXIT } from "./exit_codes.ts";
import { printError, printLine, writeText } from "./print.ts";

const places = {
  env: (name: string) => Deno.env.get(name),
  readText: (path: string) => Deno.readTextFile(path),
};

/** The commands of the program. */
export const RUNS: Runs = {
  serve: async (settings) => {
    // Signals first: until they are listened to, most of them end the process.
    const { systemClock } = await import("../../actors/system_clock.ts");
    const { listenToSignals } = await import("./signals.ts");
    const signals = listenToSignals(systemClock);
    const { serveGateway } = await import("./serve_gateway.ts");
    await serveGateway(settings, signals);
    return EXIT.ok;
  },
  tail: async (options) => {
    const { tailEvents } = await import("./tail_events.ts");
    return await tailEvents(options, places, printLine);
  },
  tape: async (options) => {
    const { systemClock } = await import("../../actors/system_clock.ts");
    const { openFile, playFile } = await import("./tape/play_file.ts");
    return await withInterrupt((signal) =>
      playFile(options, {
        ...places,
        stdout: (text) => writeText(Deno.stdout, text),
        stderr: (text) => writeText(Deno.stderr, text),
        isTerminal: Deno.stderr.isTerminal(),
        open: openFile,
        clock: systemClock,
        random: Math.random,
        signal,
      })
    );
  },
  backup: async (options) => {
    const { runBackup } = await import("./make_backup.ts");
    return await withInterrupt((signal) => runBackup(options, places, signal));
  },
  rotateEpoch: async ({ store }) => {
    const { rotateStoreEpoch } = await import("./rotate_epoch.ts");
    for (const line of await rotateStoreEpoch(store.dataDir)) printLine(line);
    return EXIT.ok;
  },
  keys: async (options) => {
    const { systemClock } = await import("../../actors/system_clock.ts");
    const { DiskKeysFile } = await import("../auth/keys/keys_file.ts");
    const { manageKeys } = await import("./manage_keys.ts");
    return await manageKeys(options, {
      open: (path) => new DiskKeysFile(path),
      clock: systemClock,
      write: (text) => writeText(Deno.stdout, text),
      printError,
    });
  },
};

/** Runs something that ends by itself at Ctrl-C; a second Ctrl-C ends the process at once. */
async function withInterrupt<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = () => {
    Deno.removeSignalListener("SIGINT", onSignal);
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  try {
    return await run(interrupt.signal);
  } finally {
    if (!interrupt.signal.aborted) Deno.removeSignalListener("SIGINT", onSignal);
  }
}
