/**
 * Lets requests to an endpoint pass whose principal may make them.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { addressGroup } from "../../actors/observability/address_group.ts";
import type { Principal } from "../../actors/ports.ts";
import type { Endpoint } from "../../protocol/rest/endpoint.ts";
import { refuseUnread } from "../api/receive.ts";
import {
  answerError,
  type AppContext,
  type AppDeps,
  type AppEnv,
  fail,
  failForNow,
  originRules,
} from "../context.ts";
import { traceRefusal } from "../refusal_trace.ts";
import { addressOf } from "../request_info.ts";
import type { AuthenticationFault } from "./authenticator.ts";
import { noteFailure, UNHELD_MESSAGE } from "./lockout.ts";
import { loopbackFault } from "./origin.ts";
import { readSignIn } from "./sign_in.ts";
import {
  carriedSession,
  endedSessionCookie,
  foreignUseOf,
  sessionCookie,
} from "./session_cookie.ts";

/** Finds out who asks; answers 401 to who is not known and 403 to who does not have the scope. */
export function requireScope(deps: AppDeps, endpoint: Endpoint): MiddlewareHandler<AppEnv> {
  const { scope, openOnLoopback = false, credentials, noStore = false } = endpoint;
  const origins = originRules(deps.config);
  return async (c, next) => {
    const request = c.req.raw;
    if (noStore) c.header("Cache-Control", "no-store");
    if (scope === undefined) return await next();
    // Shared caches treat answers to Authorization as private, but not those to X-API-Key or cookies.
    if (!noStore) c.header("Cache-Control", "private, no-cache");
    if (openOnLoopback && loopbackFault(request, origins) === undefined) return await next();
    const signIn = credentials === "sign-in" ? await readSignIn(c as AppContext, deps) : undefined;
    if (signIn instanceof Response) return signIn;
    const address = addressOf(c.env);
    const found = await deps.authenticator.authenticate(request, address, signIn);
    if (!found.ok) return await refuseFailed(c as AppContext, deps, endpoint, found.fault);
    const { principal } = found;
    c.set("principal", principal);
    if (!deps.requestRates.take(rateSubject(principal, address))) {
      return await limit(c as AppContext, deps);
    }
    if (principal.sessionId !== undefined) prolong(c as AppContext);
    if (scope !== "any" && !principal.scopes.has(scope)) {
      return fail(c, deps, "FORBIDDEN", `this needs the scope "${scope}"`);
    }
    return await next();
  };
}

/** Hands the cookie of a session that was used on for another twelve hours. */
function prolong(c: AppContext): void {
  const carried = carriedSession(c.req.raw);
  if (carried === undefined || foreignUseOf(c.req.raw) !== undefined) return;
  c.header("Set-Cookie", sessionCookie(c.req.raw, carried));
}

/** Answers a failed authentication, as soon as lockout lets it. */
async function refuseFailed(
  c: AppContext,
  deps: AppDeps,
  { scope }: Endpoint,
  fault: AuthenticationFault,
): Promise<Response> {
  const request = c.req.raw;
  const { code, message, sessionEnded } = fault;
  const held = noteFailure(fault, addressOf(c.env), deps.lockout);
  if (held === "unheld") return failForNow(c, deps, "RATE_LIMITED", UNHELD_MESSAGE);
  await held;
  if (sessionEnded) c.header("Set-Cookie", endedSessionCookie(request));
  // A page asks whether it has a session before it shows how to sign in.
  const isQuestion = request.method === "GET" && scope === "any" && code === "API_KEY_MISSING";
  if (!isQuestion) traceRefusal(request, c.env, fault, deps);
  return answerError(c, deps, code, message);
}

/** Keys count by name; clients without one count by address, as they all have the same name. */
function rateSubject({ authenticated, name }: Principal, address: string): string {
  return authenticated ? name : `\0${addressGroup(address)}`;
}

async function limit(c: AppContext, deps: AppDeps): Promise<Response> {
  const { limitHits, config } = deps;
  limitHits.record("server.requestsPerSecondPerKey");
  const message =
    `more than ${config.server.requestsPerSecondPerKey} requests a second with this ` +
    "key, or without one from this address (server.requestsPerSecondPerKey)";
  return await refuseUnread(c, deps, () => failForNow(c, deps, "RATE_LIMITED", message));
}
