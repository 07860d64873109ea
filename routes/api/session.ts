/**
 * Sessions of the gateway's own pages: signing in, who one is, signing out.
 *
 * @module
 */
import type { Session } from "../../actors/access/sessions.ts";
import type { Principal } from "../../actors/ports.ts";
import type { SessionInfo } from "../../protocol/rest/session.ts";
import {
  carriedSession,
  endedSessionCookie,
  foreignUseOf,
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
  const isSame = typeof before === "object" && before.grant.name === name &&
    before.grant.secretId === secretId;
  if (isSame) {
    c.header("Set-Cookie", sessionCookie(request, { token: carried!.token, secure }));
    return succeed(c, deps, "beginSession", describe(principal, before.expiresAt));
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
  if (typeof before === "object") end(c, deps, carried!.token);
  const { token, session } = begun;
  deps.log.info("session begun", { principal: name, secretId, session: session.id, ...from(c) });
  c.header("Set-Cookie", sessionCookie(request, { token, secure }));
  return succeed(c, deps, "beginSession", describe(principal, session.expiresAt));
}

/** `GET /api/v1/session`: who one is, by whatever credential. */
export function getSession(c: AppContext, deps: AppDeps): Response {
  const principal = c.get("principal");
  return succeed(c, deps, "getSession", describe(principal, ownSession(c, deps)?.expiresAt));
}

/** `DELETE /api/v1/session`: signs out; connections made from the session end with 4401. */
export function endSession(c: AppContext, deps: AppDeps): Response {
  const own = ownSession(c, deps);
  if (own === undefined) {
    return fail(c, deps, "NO_SESSION", "the request has no session that could end");
  }
  const connections = end(c, deps, own.token);
  c.header("Set-Cookie", endedSessionCookie(c.req.raw));
  return succeed(c, deps, "endSession", { ended: true, connections });
}

/**
 * The session that let a request in by its cookie. A principal may also stand on a session by a ticket,
 * with the cookie of another one beside it.
 */
function ownSession(
  c: AppContext,
  { access }: AppDeps,
): (Session & { readonly token: string }) | undefined {
  const carried = carriedSession(c.req.raw);
  if (carried === undefined || foreignUseOf(c.req.raw) !== undefined) return undefined;
  const session = access.sessions.use(carried.token);
  if (typeof session !== "object" || session.id !== c.get("principal").sessionId) return undefined;
  return { ...session, token: carried.token };
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
