/**
 * Sessions of the gateway's own pages: signing in, who one is, signing out.
 *
 * @module
 */
import type { Principal } from "../../actors/ports.ts";
import type { SessionInfo } from "../../protocol/rest/session.ts";
import {
  carriedSession,
  endedSessionCookie,
  mustBeSecure,
  sessionCookie,
} from "../auth/session_cookie.ts";
import { type AppContext, type AppDeps, fail, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";

/** When one who has too many sessions may try again, in seconds: they end one by one. */
const RETRY_AFTER_SECONDS = 60;

/**
 * `POST /api/v1/session`: begins a session of the key or ticket. One of the same key goes on instead;
 * one of another key ends with its connections, as another person signs in.
 */
export function beginSession(c: AppContext, deps: AppDeps): Response {
  const request = c.req.raw;
  const principal = c.get("principal");
  const { name, secretId } = principal;
  if (secretId === undefined) {
    return fail(c, deps, "API_KEY_MISSING", "a session begins with a key or a ticket of a key");
  }
  const { sessions } = deps.access;
  const secure = mustBeSecure(request, c.env);
  const carried = carriedSession(request);
  const before = carried === undefined ? undefined : sessions.use(carried.token);
  if (carried !== undefined && typeof before === "object") {
    if (before.grant.name === name && before.grant.secretId === secretId) {
      c.header("Set-Cookie", sessionCookie(request, { token: carried.token, secure }));
      return succeed(c, deps, "beginSession", describe(principal, before.expiresAt));
    }
    end(c, deps, carried.token);
  }
  const begun = sessions.begin({ name, secretId });
  if (typeof begun === "string") {
    const option = begun === "key" ? "maxSessionsPerKey" : "maxSessions";
    const limit = deps.config.security[option];
    const whose = begun === "key" ? "this key has" : "there are";
    c.header("Retry-After", String(RETRY_AFTER_SECONDS));
    const message = `${whose} ${limit} sessions, as many as security.${option} allows; sign out ` +
      "where it is not needed";
    return fail(c, deps, "TOO_MANY_SESSIONS", message);
  }
  const { token, session } = begun;
  deps.log.info("session begun", { principal: name, secretId, session: session.id, ...from(c) });
  c.header("Set-Cookie", sessionCookie(request, { token, secure }));
  return succeed(c, deps, "beginSession", describe(principal, session.expiresAt));
}

/** `GET /api/v1/session`: who one is, by whatever credential. */
export function getSession(c: AppContext, deps: AppDeps): Response {
  const principal = c.get("principal");
  const carried = carriedSession(c.req.raw);
  if (principal.sessionId === undefined || carried === undefined) {
    return succeed(c, deps, "getSession", describe(principal));
  }
  const session = deps.access.sessions.use(carried.token);
  const expiresAt = typeof session === "object" ? session.expiresAt : undefined;
  return succeed(c, deps, "getSession", describe(principal, expiresAt));
}

/** `DELETE /api/v1/session`: signs out; connections made from the session end with 4401. */
export function endSession(c: AppContext, deps: AppDeps): Response {
  const carried = carriedSession(c.req.raw);
  if (c.get("principal").sessionId === undefined || carried === undefined) {
    return fail(c, deps, "NO_SESSION", "the request has no session that could end");
  }
  const connections = end(c, deps, carried.token);
  c.header("Set-Cookie", endedSessionCookie(c.req.raw));
  return succeed(c, deps, "endSession", { ended: true, connections });
}

/** Ends a session; returns how many connections ended with it. */
function end(c: AppContext, { access, hub, log }: AppDeps, token: string): number {
  const session = access.sessions.end(token);
  if (session === undefined) return 0;
  const { id, grant: { name } } = session;
  const connections = hub.connectionsOfSession(name, id);
  for (const connection of connections) connection.end("unauthorized", "signed out");
  log.info("session ended", { principal: name, session: id, ...from(c) });
  return connections.length;
}

function from(c: AppContext) {
  return { address: addressOf(c.env) };
}

function describe(principal: Principal, expiresAt?: number): SessionInfo {
  const { name, authenticated, scopes, channels, traders, portfolio, secretId } = principal;
  return {
    principal: name,
    authenticated,
    scopes: [...scopes],
    ...(channels !== undefined && { channels: [...channels] }),
    ...(traders !== undefined && { traders: [...traders] }),
    ...(traders !== undefined && { portfolio: portfolio === true }),
    ...(secretId !== undefined && { secretId }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
  };
}
