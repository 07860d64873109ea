/**
 * What is asked for in the matrix, and what it needs: written down by hand from the contract, so that a
 * scope that is changed in the table of endpoints is noticed.
 *
 * @module
 */
import type { EndpointName } from "../../../protocol/rest/endpoints.ts";
import type { Scope } from "../../../protocol/scopes.ts";
import { position } from "../events.ts";
import { TRADER } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** A request, and who may make it. */
export interface Rule {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string | ((scene: Scene) => string);
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The scope that it needs; `any` key; or nothing, not even a key. */
  readonly needs: Scope | "any" | "nothing";
  /** Whether it is open on loopback. The matrix asks through a proxy then. */
  readonly openOnLoopback?: true;
  /** Whether it is about a channel. */
  readonly channel?: true;
  /** What becomes of it when it is about a trader that the key may not see. */
  readonly foreignTrader?: "forbidden" | "unknown" | "withheld";
  /** Whether something is different after it. */
  readonly changes: boolean;
  /** Whether it is an administrative act, which is recorded. Changes of keys are where they are read. */
  readonly audited?: true;
  /** Begins or ends a session. */
  readonly session?: "begins" | "ends";
}

/** One rule for each endpoint: the type check asks for that of a new one. */
export const RULES: Readonly<Record<EndpointName, Rule>> = {
  publishEvents: {
    method: "POST",
    path: "/api/v1/telemetry/events",
    body: position("p3", { traderId: TRADER }),
    needs: "publish",
    channel: true,
    foreignTrader: "forbidden",
    changes: true,
  },
  removeKey: {
    method: "DELETE",
    path: "/api/v1/telemetry/positions/snapshot/p1",
    needs: "publish",
    channel: true,
    foreignTrader: "forbidden",
    changes: true,
  },
  acknowledgeAlert: {
    method: "POST",
    path: "/api/v1/telemetry/risk-alerts/r1/acknowledge",
    needs: "acknowledge",
    channel: true,
    foreignTrader: "unknown",
    changes: true,
    audited: true,
  },
  getSnapshot: {
    method: "GET",
    path: "/api/v1/telemetry/positions/snapshot",
    needs: "subscribe",
    channel: true,
    foreignTrader: "withheld",
    changes: false,
  },
  getEvents: {
    method: "GET",
    path: "/api/v1/telemetry/positions/events?afterSeq=0",
    needs: "subscribe",
    channel: true,
    foreignTrader: "withheld",
    changes: false,
  },
  getStats: { method: "GET", path: "/api/v1/websocket/stats", needs: "admin", changes: false },
  listClients: { method: "GET", path: "/api/v1/websocket/clients", needs: "admin", changes: false },
  getClient: {
    method: "GET",
    path: "/api/v1/websocket/clients/desk-7",
    needs: "admin",
    changes: false,
  },
  disconnectClient: {
    method: "DELETE",
    path: "/api/v1/websocket/clients/desk-7",
    needs: "admin",
    changes: true,
    audited: true,
  },
  listBans: { method: "GET", path: "/api/v1/websocket/bans", needs: "admin", changes: false },
  liftBan: {
    method: "DELETE",
    path: ({ banId }) => `/api/v1/websocket/bans/${banId}`,
    needs: "admin",
    changes: true,
    audited: true,
  },
  drainGateway: {
    method: "POST",
    path: "/api/v1/websocket/drain",
    needs: "admin",
    changes: true,
    audited: true,
  },
  backUpStore: {
    method: "POST",
    path: "/api/v1/store/backup",
    needs: "admin",
    changes: true,
    audited: true,
  },
  getAudit: { method: "GET", path: "/api/v1/audit", needs: "admin", changes: false },
  beginSession: {
    method: "POST",
    path: "/api/v1/session",
    needs: "any",
    changes: true,
    session: "begins",
  },
  getSession: { method: "GET", path: "/api/v1/session", needs: "any", changes: false },
  endSession: {
    method: "DELETE",
    path: "/api/v1/session",
    needs: "any",
    changes: true,
    session: "ends",
  },
  issueTicket: {
    method: "POST",
    path: "/api/v1/websocket/tickets",
    needs: "subscribe",
    changes: true,
  },
  listKeys: { method: "GET", path: "/api/v1/keys", needs: "admin", changes: false },
  createKey: {
    method: "POST",
    path: "/api/v1/keys",
    body: { name: "new", scopes: ["admin"] },
    needs: "admin",
    changes: true,
  },
  rotateKey: {
    method: "POST",
    path: "/api/v1/keys/every/rotate",
    needs: "admin",
    changes: true,
  },
  revokeKey: { method: "DELETE", path: "/api/v1/keys/expired", needs: "admin", changes: true },
  revokeSecret: {
    method: "DELETE",
    path: ({ lastSecretId }) => `/api/v1/keys/rotated/secrets/${lastSecretId}`,
    needs: "admin",
    changes: true,
  },
  getHealth: { method: "GET", path: "/api/health", needs: "nothing", changes: false },
  getLive: { method: "GET", path: "/health/live", needs: "nothing", changes: false },
  getReady: { method: "GET", path: "/health/ready", needs: "nothing", changes: false },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    needs: "metrics",
    openOnLoopback: true,
    changes: false,
  },
};
