/**
 * The end of the process, in order: clients are seen off, open requests finish, the store is closed.
 *
 * @module
 */
import type { Hub } from "../../actors/hub/hub.ts";
import type { Logger } from "../../actors/ports.ts";
import type { ResilientListener } from "../listener.ts";

/** How long open HTTP requests may take to finish after the sockets are gone, in ms. */
export const SHUTDOWN_MILLIS = 1_000;

/** What is brought to an end. */
export interface ShutdownDeps {
  /** Where it is written. */
  readonly log: Logger;
  /** How long clients have to go, in seconds. */
  readonly drainSeconds: number;
  /** All connections. */
  readonly hub: Pick<Hub, "drain" | "stop">;
  /** Takes requests. */
  readonly listener: Pick<ResilientListener, "close">;
  /** Publishes from inside the process, where something does. */
  readonly source: { stop(): Promise<void> } | undefined;
  /** The open store. */
  readonly storage: { readonly close: () => Promise<void> };
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/**
 * Prepares the end.
 *
 * @returns Begins it, once: what is asked later changes nothing. Says in the log who asked.
 */
export function prepareShutdown(deps: ShutdownDeps): (by: string) => void {
  let begun = false;
  return (by) => {
    if (begun) return;
    begun = true;
    void shutDown(deps, by);
  };
}

async function shutDown(deps: ShutdownDeps, by: string): Promise<void> {
  const { log, drainSeconds, hub, listener, source, storage, exit } = deps;
  log.info("draining", { by, seconds: drainSeconds });
  const stopped = source?.stop();
  const complete = await hub.drain(drainSeconds * 1_000);
  await listener.close(SHUTDOWN_MILLIS);
  await stopped;
  hub.stop();
  await storage.close();
  log.info("stopped", { complete });
  exit(0);
}
