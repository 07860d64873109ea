/**
 * The end of the process, in order and in time: connections are drained, open requests finish, the
 * store is closed.
 *
 * @module
 */
import type { Hub } from "../../actors/hub/hub.ts";
import type { Clock, Logger } from "../../actors/ports.ts";
import type { ResilientListener } from "../listener.ts";

/**
 * The last part of the time for a drain, in ms, or half of it where that is less: sockets that are
 * still there are left, and bodies that are still arriving are refused.
 */
const CLOSING_MILLIS = 1_000;

/** The part of {@link CLOSING_MILLIS} that is left to close the store; open requests may use the rest. */
const STORE_SHARE = 0.5;

/** Exit code when stopped at the drain deadline, before everything was closed (EX_SOFTWARE of sysexits.h). */
const EXIT_NOT_CLOSED = 70;

/** How long closing the store may take when the process is told to end at once, in ms. */
export const EXIT_MILLIS = 1_000;

/** What is brought to an end. */
export interface ShutdownDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where it is written. */
  readonly log: Logger;
  /** How long it may take, in seconds. */
  readonly drainSeconds: number;
  /** All connections. */
  readonly hub: Pick<Hub, "drain" | "stop">;
  /** Takes requests. */
  readonly listener: Pick<ResilientListener, "close">;
  /** Tells those who read bodies that the end is near. */
  readonly closing: AbortController;
  /** Publishes from inside the process, where something does. */
  readonly source: { stop(): Promise<void> } | undefined;
  /** The open store. */
  readonly storage: { readonly close: () => Promise<void> };
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** The two ways to end. */
export interface Shutdown {
  /** Begins the end in order, once: what is asked later changes nothing. Says in the log who asked. */
  readonly begin: (by: string) => void;
  /** Closes the store and ends the process with a code, whatever is under way. */
  readonly exitNow: (code: number) => void;
}

/** Prepares the end. */
export function prepareShutdown(deps: ShutdownDeps): Shutdown {
  let begun = false;
  return {
    begin: (by) => {
      if (begun) return;
      begun = true;
      void shutDown(deps, by);
    },
    exitNow: (code) => {
      const { clock, log, storage, exit } = deps;
      log.warn("stopped at once: asked to stop again during the shutdown", { code });
      clock.setTimeout(() => exit(code), EXIT_MILLIS);
      void storage.close().then(() => exit(code));
    },
  };
}

async function shutDown(deps: ShutdownDeps, by: string): Promise<void> {
  const { clock, log, drainSeconds, hub, listener, closing, source, storage, exit } = deps;
  const millis = drainSeconds * 1_000;
  const closingMillis = Math.min(CLOSING_MILLIS, millis / 2);
  const requestsUntil = clock.now() + millis - closingMillis * STORE_SHARE;
  log.info("draining", { by, seconds: drainSeconds });
  clock.setTimeout(() => closing.abort(), millis - closingMillis);
  const timer = clock.setTimeout(() => {
    log.error("stopped at the drain deadline, before everything was closed", {
      seconds: drainSeconds,
    });
    exit(EXIT_NOT_CLOSED);
  }, millis);
  const stopped = source?.stop();
  const left = await hub.drain(millis - closingMillis);
  await listener.close(Math.max(0, requestsUntil - clock.now()));
  await stopped;
  hub.stop();
  await storage.close();
  clock.clearTimeout(timer);
  log.info("stopped", { left });
  exit(0);
}
