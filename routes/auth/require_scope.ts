/**
 * Lets requests to an endpoint pass whose principal may make them.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Endpoint } from "../../protocol/rest/endpoint.ts";
import {
  answerError,
  type AppDeps,
  type AppEnv,
  authenticationRules,
  fail,
  originRules,
} from "../context.ts";
import { traceRefusal } from "../refusal_trace.ts";
import { authenticate } from "./authenticate.ts";
import { loopbackFault } from "./origin.ts";

/** Finds out who asks; answers 401 to who is not known and 403 to who does not have the scope. */
export function requireScope(deps: AppDeps, endpoint: Endpoint): MiddlewareHandler<AppEnv> {
  const { scope, openOnLoopback = false } = endpoint;
  const rules = authenticationRules(deps);
  const origins = originRules(deps.config);
  return (c, next) => {
    if (scope === undefined) return next();
    if (openOnLoopback && loopbackFault(c.req.raw, origins) === undefined) return next();
    const found = authenticate(c.req.raw, rules);
    if (!found.ok) {
      const { code, message } = found.fault;
      traceRefusal(c.req.raw, c.env, found.fault, deps);
      return Promise.resolve(answerError(c, deps, code, message));
    }
    const { principal } = found;
    c.set("principal", principal);
    if (!principal.scopes.has(scope)) {
      return Promise.resolve(fail(c, deps, "FORBIDDEN", `this needs the scope "${scope}"`));
    }
    return next();
  };
}
