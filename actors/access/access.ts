/**
 * Sessions and tickets of a gateway, and how long they live.
 *
 * @module
 */
import type { Config } from "../../protocol/config.ts";
import type { Clock, Logger } from "../ports.ts";
import { newSessionSecret, restoreSessions, SessionsWriter } from "./session_files.ts";
import { Sessions } from "./sessions.ts";
import { Tickets } from "./tickets.ts";

/** How often sessions with connections are prolonged on the disk, in ms. */
export const PROLONG_MILLIS = 600_000;

/** What is given out to those who have shown a key. */
export interface Access {
  /** For the gateway's own pages. */
  readonly sessions: Sessions;
  /** For one use. */
  readonly tickets: Tickets;
  /** Writes down what a later process goes on with. */
  readonly stop: () => void;
}

/** Sessions and tickets that end with the process. */
export function accessInMemory({ security }: Config, clock: Clock): Access {
  const sessions = new Sessions({
    clock,
    secret: newSessionSecret(),
    limits: sessionLimits(security),
  });
  return { sessions, tickets: new Tickets(clock, ticketLimits(security)), stop: () => {} };
}

/**
 * Sessions that outlive the process in the data directory; with the memory store, which leaves nothing
 * there, they end with it. Tickets always do.
 *
 * @throws {Error} When the secret can neither be read nor made.
 */
export function openAccess(config: Config, clock: Clock, log: Logger): Access {
  const { security, store } = config;
  if (store.kind === "memory") {
    log.info("sessions end with the process, as nothing is kept (store.kind = memory)");
    return accessInMemory(config, clock);
  }
  const { secret, sessions: restored } = restoreSessions(store.dataDir, log);
  const sessions: Sessions = new Sessions({
    clock,
    secret,
    limits: sessionLimits(security),
    restored,
    onChange: (urgent) => writer.changed(urgent),
  });
  const writer = new SessionsWriter(clock, log, store.dataDir, () => sessions.toStore());
  let timer: unknown;
  const prolong = () => {
    sessions.prolongInUse();
    timer = clock.setTimeout(prolong, PROLONG_MILLIS);
  };
  timer = clock.setTimeout(prolong, PROLONG_MILLIS);
  const stop = () => {
    clock.clearTimeout(timer);
    writer.stop();
  };
  return { sessions, tickets: new Tickets(clock, ticketLimits(security)), stop };
}

function sessionLimits({ maxSessionsPerKey, maxSessions }: Config["security"]) {
  return { perKey: maxSessionsPerKey, all: maxSessions };
}

function ticketLimits({ maxTicketsPerKey, maxTickets }: Config["security"]) {
  return { perKey: maxTicketsPerKey, all: maxTickets };
}
