/**
 * The program: reads the configuration and serves.
 *
 * @module
 */
import { systemClock as clock } from "./actors/system_clock.ts";
import { loadConfig } from "./routes/cli/load_config.ts";
import { printError, printLine } from "./routes/cli/print.ts";
import { serveGateway } from "./routes/cli/serve_gateway.ts";
import { listenToSignals } from "./routes/cli/signals.ts";
import { explainStartError } from "./routes/cli/start_error.ts";
import metadata from "./deno.json" with { type: "json" };

/** Exit code when the start failed for another reason. */
const EXIT_NOT_STARTED = 1;

/** Exit code when the configuration cannot be served (EX_CONFIG of sysexits.h). */
const EXIT_CONFIGURATION = 78;

if (import.meta.main) {
  const signals = listenToSignals(clock);
  const command = loadConfig({
    args: Deno.args,
    env: Deno.env.toObject(),
    readFile: Deno.readTextFileSync,
    mayAccess: (name, path) => Deno.permissions.querySync({ name, path }).state === "granted",
    standalone: Deno.build.standalone,
    version: metadata.version,
  });
  if (command.kind === "start") {
    const { config } = command;
    await serveGateway(command, signals, metadata.version).catch((error) => {
      const explanation = explainStartError(error, config);
      if (explanation === undefined) throw error;
      printError(`error: ${explanation}`);
      Deno.exit(EXIT_NOT_STARTED);
    });
  } else if (command.kind === "print") {
    printLine(command.text);
  } else {
    printError(`error: ${command.error.message}`);
    Deno.exit(EXIT_CONFIGURATION);
  }
}
