/**
 * Lets requests to an endpoint pass whose principal may make them.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Endpoint } from "../../protocol/rest/endpoint.ts";
import {
  answerError,
  type AppContext,
  type AppDeps,
  type AppEnv,
  fail,
  originRules,
} from "../context.ts";
import { traceRefusal } from "../refusal_trace.ts";
import { addressOf } from "../request_info.ts";
import { loopbackFault } from "./origin.ts";
import { readSignIn } from "./sign_in.ts";
import { carriedSession, endedSessionCookie, sessionCookie } from "./session_cookie.ts";

/** Finds out who asks; answers 401 to who is not known and 403 to who does not have the scope. */
export function requireScope(deps: AppDeps, endpoint: Endpoint): MiddlewareHandler<AppEnv> {
  const { scope, openOnLoopback = false, credentials, noStore = false } = endpoint;
  const origins = originRules(deps.config);
  return async (c, next) => {
    const request = c.req.raw;
    if (noStore) c.header("Cache-Control", "no-store");
    if (scope === undefined) return await next();
    if (openOnLoopback && loopbackFault(request, origins) === undefined) return await next();
    const signIn = credentials === "sign-in" ? await readSignIn(c as AppContext, deps) : undefined;
    if (signIn instanceof Response) return signIn;
    const found = await deps.authenticator.authenticate(request, addressOf(c.env), signIn);
    if (!found.ok) {
      const { code, message, sessionEnded } = found.fault;
      if (sessionEnded) c.header("Set-Cookie", endedSessionCookie(request));
      // A page asks whether it has a session before it shows how to sign in.
      const isQuestion = request.method === "GET" && scope === "any" && code === "API_KEY_MISSING";
      if (!isQuestion) traceRefusal(request, c.env, found.fault, deps);
      return answerError(c, deps, code, message);
    }
    const { principal } = found;
    c.set("principal", principal);
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
  if (carried !== undefined) c.header("Set-Cookie", sessionCookie(c.req.raw, carried));
}
