/**
 * The handler of every endpoint. One that is missing, or answers something else than the table says,
 * is a type error.
 *
 * @module
 */
import type { EndpointInput, EndpointName } from "../../protocol/rest/endpoints.ts";
import type { AppContext, AppDeps } from "../context.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { disconnectClient, drainGateway, getClient, getStats, listClients } from "./admin.ts";
import { getAudit } from "./audit.ts";
import { liftBan, listBans } from "./bans.ts";
import { backUpStore } from "./backup.ts";
import { getHealth, getLive, getReady } from "./health.ts";
import { getEvents, getSnapshot } from "./history.ts";
import { publishEvents, removeKey } from "./ingest.ts";
import { createKey, listKeys, revokeKey, revokeSecret, rotateKey } from "./keys.ts";
import { getMetrics } from "./metrics.ts";
import { beginSession, endSession, getSession } from "./session.ts";
import { issueTicket } from "./tickets.ts";

/** Answers a request whose principal has the scope and whose parameters fit. */
export type EndpointHandler<Name extends EndpointName> = (
  c: AppContext,
  deps: AppDeps,
  input: EndpointInput<Name>,
) => Response | Promise<Response>;

/** The handlers by the names of their endpoints. */
export const HANDLERS: { readonly [Name in EndpointName]: EndpointHandler<Name> } = {
  publishEvents,
  removeKey,
  acknowledgeAlert,
  getSnapshot,
  getEvents,
  getStats,
  listClients,
  getClient,
  disconnectClient,
  listBans,
  liftBan,
  drainGateway,
  backUpStore,
  getAudit,
  beginSession,
  getSession,
  endSession,
  issueTicket,
  listKeys,
  createKey,
  rotateKey,
  revokeKey,
  revokeSecret,
  getHealth,
  getLive,
  getReady,
  getMetrics,
};
