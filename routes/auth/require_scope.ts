/**
 * Lets requests to an endpoint pass whose principal may make them.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Endpoint } from "../../protocol/rest/endpoint.ts";
import { answerError, type AppDeps, type AppEnv, fail, originRules } from "../context.ts";
import { traceRefusal } from "../refusal_trace.ts";
import { addressOf } from "../request_info.ts";
import { loopbackFault } from "./origin.ts";

/** Finds out who asks; answers 401 to who is not known and 403 to who does not have the scope. */
export function requireScope(deps: AppDeps, endpoint: Endpoint): MiddlewareHandler<AppEnv> {
  const { scope, openOnLoopback = false } = endpoint;
  const origins = originRules(deps.config);
  return async (c, next) => {
    const request = c.req.raw;
    if (scope === undefined) return await next();
    if (openOnLoopback && loopbackFault(request, origins) === undefined) return await next();
    const found = await deps.authenticator.authenticate(request, addressOf(c.env));
    if (!found.ok) {
      const { code, message } = found.fault;
      traceRefusal(request, c.env, found.fault, deps);
      return answerError(c, deps, code, message);
    }
    const { principal } = found;
    c.set("principal", principal);
    if (!principal.scopes.has(scope)) {
      return fail(c, deps, "FORBIDDEN", `this needs the scope "${scope}"`);
    }
    return await next();
  };
}
