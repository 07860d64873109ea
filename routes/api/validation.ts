/**
 * Reads the parameters of requests by the schemas of the endpoint table, before their handlers.
 *
 * @module
 */
import { zValidator } from "@hono/zod-validator";
import type { MiddlewareHandler } from "hono";
import type { Endpoint } from "../../protocol/rest/endpoint.ts";
import type { AppContext, AppDeps, AppEnv } from "../context.ts";
import { failPath, failQuery } from "./faults.ts";

/** Known everywhere: credentials, which are read before any query. */
const CREDENTIALS: readonly string[] = ["apiKey", "ticket"];

/** Reads the segments of a path: what names nothing is answered with 404. */
export function validatePath(deps: AppDeps, { params }: Endpoint): MiddlewareHandler<AppEnv> {
  return zValidator("param", params, (result, c) => {
    if (result.success) return;
    return failPath(c as AppContext, deps, result.error);
  });
}

/**
 * Reads a query: what does not fit is answered with 400. A mistyped parameter is an error, as it would
 * silently do something else.
 */
export function validateQuery(deps: AppDeps, { query }: Endpoint): MiddlewareHandler<AppEnv> {
  const known = Object.keys(query.shape);
  // A query that takes anything stays as it is.
  const isOpen = query._zod.def.catchall !== undefined;
  const schema = isOpen ? query : query.strict();
  return zValidator("query", schema, (result, c) => {
    if (result.success) return;
    return failQuery(c as AppContext, deps, result.error, known, CREDENTIALS);
  }, { validationFunction: (schema, value) => schema.safeParse(withoutCredentials(value)) });
}

/** The parameters of an endpoint; of one that is repeated the first counts. */
function withoutCredentials(query: Readonly<Record<string, string | readonly string[]>>) {
  const entries = Object.entries(query).filter(([name]) => !CREDENTIALS.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, [value].flat()[0]]));
}
