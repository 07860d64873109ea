/**
 * The composition root: builds the gateway, listens, and drains.
 *
 * @module
 */
import { openAccess } from "../../actors/access/access.ts";
import type { AuditTrail } from "../../actors/audit/audit_log.ts";
import { AuditRecorder } from "../../actors/audit/audit_recorder.ts";
import { createGateway, restoreRequest } from "../../actors/gateway.ts";
import { readAlerts } from "../../actors/log/incident_recovery.ts";
import { createLogger } from "../../actors/observability/log.ts";
import type { Logger } from "../../actors/ports.ts";
import { type OpenStore, openStore } from "../../actors/store/open_store.ts";
import { systemClock as clock } from "../../actors/system_clock.ts";
import { createApp } from "../app.ts";
import { demoLink } from "../auth/demo_link.ts";
import type { FileKeyStore } from "../auth/keys/key_store.ts";
import { prepareKeys, recordKeyChanges } from "../auth/prepare_keys.ts";
import { startDemo } from "../demo.ts";
import { ResilientListener } from "../listener.ts";
import { Tls, type TlsOptions } from "../tls/tls.ts";
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";
import { reportIgnored } from "./kubernetes_variables.ts";
import type { Settings } from "./load_config.ts";
import { logWriter } from "./log_writer.ts";
import { giveBackWriting } from "./permissions.ts";
import { printError } from "./print.ts";
import { warnOfRuntime } from "./runtime_faults.ts";
import { prepareShutdown } from "./shutdown.ts";
import type { Signals } from "./signals.ts";
import { explainStartError } from "./start_error.ts";

/**
 * Starts a gateway, which runs until a signal or a request ends the process.
 *
 * @param signals Listened to since the process began.
 * @returns When it listens, or was asked to end before.
 * @throws {CommandError} When it cannot start for a reason that can be named.
 */
export async function serveGateway(settings: Settings, signals: Signals): Promise<void> {
  try {
    await start(settings, signals);
  } catch (error) {
    const explanation = explainStartError(error, settings.config);
    throw explanation === undefined ? error : new CommandError(explanation);
  }
}

async function start(settings: Settings, signals: Signals): Promise<void> {
  const { config, apiKey, metricsApiKey, configFile, ignoredVariables } = settings;
  const { tlsCert, tlsKey } = config.server;
  for (const path of [configFile, tlsCert, tlsKey]) {
    if (path !== undefined) giveBackWriting(config.store.dataDir, path);
  }
  const terminal = Deno.stdout.isTerminal();
  const format = config.log.format ?? (terminal ? "pretty" : "json");
  const log = createLogger({ level: config.log.level, format, write: logWriter(clock) });
  warnOfRuntime(Deno.version.deno, log);
  reportIgnored(ignoredVariables, log);
  const tls = await Tls.open(config.server);
  const keys = await prepareKeys({ config, apiKey, metricsApiKey, clock, log, show: printError });
  let serves = false;
  try {
    const storage = await openStore(config, clock, log, restoreRequest(config, clock));
    const audit = new AuditRecorder(clock, log, storage.audit);
    if (!audit.outlivesProcess) {
      log.info("the audit ends with the process, as nothing is kept (store.kind = memory)");
    }
    const close = async () => {
      await audit.stop();
      await storage.close();
    };
    try {
      if (signals.ending === undefined) {
        await serveFrom({ ...storage, audit, close }, settings, log, keys, tls, signals);
        serves = true;
      } else log.info("stopped during the start, before it listened", { by: signals.ending });
    } finally {
      if (!serves) await close(); // The next start must find it closed in order.
    }
  } finally {
    if (!serves) keys.stop();
  }
}

/** Builds the gateway around an open store, and listens. */
async function serveFrom(
  { restored, audit, ...storage }: Omit<OpenStore, "audit"> & { readonly audit: AuditTrail },
  { config, apiKey }: Settings,
  log: Logger,
  keys: FileKeyStore,
  tls: Tls | undefined,
  signals: Signals,
): Promise<void> {
  const { store } = storage;
  const access = openAccess(config, clock, log);
  const alerts = await readAlerts(store, restored.channels.get(store.channels.alerts)!.events);
  const gateway = createGateway(config, clock, log, store, restored, alerts, audit);
  const { hub, eventLog, metrics } = gateway;
  recordKeyChanges(keys, { config, log }, gateway.audit);
  const demo = config.demo.enabled;
  const source = demo ? await startDemo(config, clock, log, eventLog, restored) : undefined;
  const closing = new AbortController();
  const app = createApp({
    config,
    clock,
    log,
    keys,
    keyAdmin: keys,
    ...gateway,
    access,
    backup: storage.backup,
    closing: closing.signal,
    storeKind: store.kind,
  });
  let { host: hostname, port } = config.server;
  const serve = (options: TlsOptions | Record<never, never>) =>
    Deno.serve(
      { ...options, hostname, port, onListen: (address) => reportListening(log, address, tls) },
      (request, { remoteAddr }) => app.fetch(request, { remoteAddr }),
    );
  const listen = () => {
    const server = tls === undefined ? serve({}) : tls.listen({ hostname, port }, serve);
    ({ hostname, port } = server.addr); // A free port stays the same when it is opened again.
    return server;
  };
  const listener = await beginListening(
    () =>
      new ResilientListener({
        clock,
        log,
        listen,
        hasClients: () => hub.stats().activeConnections > 0,
        onLost: () => metrics.listenerLost(),
        giveUp: () => Deno.exit(EXIT.listenerLost),
      }),
    async () => {
      hub.stop();
      await source?.stop();
    },
  );
  tls?.watch(listener, { clock, log, metrics });
  const shutdown = prepareShutdown({
    clock,
    log,
    drainSeconds: config.server.drainSeconds,
    hub,
    listener,
    closing,
    source,
    storage: {
      close: async () => {
        tls?.stop();
        access.stop();
        await storage.close();
      },
    },
    exit: Deno.exit,
  });
  gateway.cluster.onDrain(() => shutdown.begin("request"));
  signals.attach({
    shutDown: shutdown.begin,
    exitNow: shutdown.exitNow,
    reload: Deno.stdout.isTerminal()
      ? () => shutdown.begin("SIGHUP") // The terminal was closed.
      : () => {
        void keys.reload().then(() => log.info("SIGHUP: keys read again"));
        void tls?.reload();
      },
  });
  const link = await demoLink(
    { config, apiKey, keys, tickets: access.tickets },
    urlOf({ hostname, port }, tls),
  );
  if (link !== undefined) printError(`Open once, within 15 minutes, on this machine: ${link}`);
}

/** Listens; when the address cannot be had, what runs already is stopped, so that the store can be closed. */
async function beginListening<Listener>(
  listen: () => Listener,
  stop: () => Promise<void>,
): Promise<Listener> {
  try {
    return listen();
  } catch (error) {
    await stop();
    throw error;
  }
}

function urlOf(
  { hostname, port }: Pick<Deno.NetAddr, "hostname" | "port">,
  tls: Tls | undefined,
): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${tls === undefined ? "http" : "https"}://${host}:${port}`;
}

function reportListening(log: Logger, address: Deno.NetAddr, tls: Tls | undefined): void {
  const url = urlOf(address, tls);
  const socket = `${url.replace("http", "ws")}/ws/telemetry`;
  log.info("listening", { url, socket, pid: Deno.pid });
}
