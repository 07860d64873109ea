/**
 * The composition root: reads the configuration, builds the gateway, serves, and drains.
 *
 * @module
 */
import { readAlerts } from "./actors/collector/incident_recovery.ts";
import { createGateway, restoreRequest } from "./actors/gateway.ts";
import { createLogger } from "./actors/observability/log.ts";
import type { Logger } from "./actors/ports.ts";
import { openStore } from "./actors/store/open_store.ts";
import { systemClock as clock } from "./actors/system_clock.ts";
import { createApp } from "./routes/app.ts";
import { acceptedKeys } from "./routes/auth/accepted_keys.ts";
import { logWriter } from "./routes/cli/log_writer.ts";
import { printError, printLine } from "./routes/cli/print.ts";
import { startDemo } from "./routes/demo.ts";
import { ResilientListener } from "./routes/listener.ts";
import { reportIgnored } from "./routes/cli/kubernetes_variables.ts";
import { type Command, loadConfig } from "./routes/cli/load_config.ts";
import { warnOfRuntime } from "./routes/cli/runtime_faults.ts";
import { prepareShutdown } from "./routes/cli/shutdown.ts";
import { onShutdownSignal } from "./routes/cli/signals.ts";
import { explainStartError } from "./routes/cli/start_error.ts";
import metadata from "./deno.json" with { type: "json" };

/** Exit code when the start failed for another reason. */
const EXIT_NOT_STARTED = 1;

/** Exit code when the configuration cannot be served (EX_CONFIG of sysexits.h). */
const EXIT_CONFIGURATION = 78;

/** Exit code when the listener is lost for good (EX_SOFTWARE of sysexits.h). */
const EXIT_LISTENER_LOST = 70;

/** Starts the gateway and keeps it running until a signal ends it. */
async function serve(command: Extract<Command, { kind: "start" }>): Promise<void> {
  const { config, apiKey, ignoredVariables } = command;
  const terminal = Deno.stdout.isTerminal();
  const format = config.log.format ?? (terminal ? "pretty" : "json");
  const log = createLogger({ level: config.log.level, format, write: logWriter(clock) });
  warnOfRuntime(Deno.version.deno, log);
  reportIgnored(ignoredVariables, log);
  const keys = await acceptedKeys(config, apiKey, printError);
  // What was restored is let go when everything is built from it; it may be large.
  const opening = openStore(config, clock, log, restoreRequest(config, clock));
  const { restored, ...storage } = await opening;
  const { store } = storage;
  const alerts = await readAlerts(store, restored.channels.get("risk-alerts")!.events);
  const gateway = createGateway(config, clock, log, store, restored, alerts);
  const { hub, collector } = gateway;
  const demo = config.demo.enabled;
  const source = demo ? await startDemo(config, clock, log, collector, restored) : undefined;
  const app = createApp({
    config,
    clock,
    log,
    keys,
    ...gateway,
    publisher: collector,
    backup: storage.backup,
    drain: () => shutDown("request"),
    storeKind: store.kind,
    version: metadata.version,
  });
  let { host: hostname, port } = config.server;
  const listener = new ResilientListener({
    clock,
    log,
    listen: () => {
      const server = Deno.serve(
        { hostname, port, onListen: (address) => reportListening(log, address) },
        (request, { remoteAddr }) => app.fetch(request, { remoteAddr }),
      );
      ({ hostname, port } = server.addr); // A free port stays the same when it is opened again.
      return server;
    },
    giveUp: () => Deno.exit(EXIT_LISTENER_LOST),
  });
  const { drainSeconds } = config.server;
  const exit = Deno.exit;
  const shutDown = prepareShutdown({ log, drainSeconds, hub, listener, source, storage, exit });
  onShutdownSignal(shutDown);
}

function reportListening(log: Logger, { hostname, port }: Deno.NetAddr): void {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const url = `http://${host}:${port}`;
  log.info("listening", { url, socket: `${url.replace("http", "ws")}/ws/telemetry` });
}

if (import.meta.main) {
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
    await serve(command).catch((error) => {
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
