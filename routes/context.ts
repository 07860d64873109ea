/**
 * What every route works with, and how every route answers.
 *
 * @module
 */
import type { Context, Env } from "hono";
import type { Hub } from "../actors/hub/hub.ts";
import type { History, Publisher } from "../actors/operations.ts";
import type { Metrics } from "../actors/observability/metrics.ts";
import type { Clock, Logger, Principal, Scope } from "../actors/ports.ts";
import {
  ERROR_STATUS,
  type ErrorCode,
  errorEnvelope,
  RETRY_AFTER_MILLIS,
  successEnvelope,
} from "../protocol/api.ts";
import type { Config } from "../protocol/config.ts";
import type { KeyRing } from "./auth/api_keys.ts";
import { credentialOf, redactUrl } from "./auth/credentials.ts";
import { isLoopbackRequest, type OriginRules } from "./auth/origin.ts";

/** Everything the routes need. */
export interface AppDeps {
  /** The options. */
  readonly config: Config;
  /** Time. */
  readonly clock: Clock;
  /** Where faults are written. */
  readonly log: Logger;
  /** The accepted keys. */
  readonly keys: KeyRing;
  /** All connections. */
  readonly hub: Hub;
  /** Takes events. */
  readonly publisher: Publisher;
  /** What was published. */
  readonly history: History;
  /** Answers scrapes. */
  readonly metrics: Metrics;
  /** Begins to end the process, as SIGTERM does. Returns at once; idempotent. */
  readonly drain: () => void;
  /** The kind of the store, for health. */
  readonly storeKind: string;
  /** The version of the gateway. */
  readonly version: string;
}

/** What the listener knows of a request. */
export interface RequestInfo {
  /** Who sent it. */
  readonly remoteAddr?: Deno.Addr;
}

/** Hono's types for our context. */
export interface AppEnv extends Env {
  /** Comes with the request. */
  Bindings: RequestInfo;
  /** What earlier handlers found out. */
  Variables: { principal: Principal };
}

/** The context of a request. */
export type AppContext = Context<AppEnv>;

/**
 * Answers a request. What a route demands is put around its handler, not before it as middleware:
 * Hono calls a single handler as it is, and composes a chain of several for each request.
 */
export type Handler = (c: AppContext) => Response | Promise<Response>;

/** Answers with the success envelope. */
export function succeed(
  c: AppContext,
  deps: AppDeps,
  data: unknown,
  status: 200 | 202 = 200,
): Response {
  return c.json(successEnvelope(data, deps.clock.epochMillis()), status);
}

/** Why a request is not served. */
export interface Refusal {
  /** What kind of fault it is. */
  readonly code: ErrorCode;
  /** For people: what is wrong and what to do. */
  readonly message: string;
  /** Fields of the answer beside those of every error. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with the error envelope. */
export function fail(
  c: AppContext,
  deps: AppDeps,
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, string>>,
): Response {
  const envelope = errorEnvelope(code, message, deps.clock.epochMillis(), details);
  return c.json(envelope, ERROR_STATUS[code], headersOf(code));
}

/** Answers with the error envelope where there is no context. */
export function refuse({ code, message, headers }: Refusal, { clock }: AppDeps): Response {
  return Response.json(errorEnvelope(code, message, clock.epochMillis()), {
    status: ERROR_STATUS[code],
    headers: { ...headersOf(code), ...headers },
  });
}

/** Writes down that a handler has failed, and says what its client is told. */
export function failure({ method, url }: Request, error: unknown, { log }: AppDeps): Refusal {
  log.error("request failed", { method, url: redactUrl(url), error });
  return { code: "INTERNAL_ERROR", message: "the gateway failed; its log says why" };
}

function headersOf(code: ErrorCode): Record<string, string> {
  return code === "UNAUTHORIZED" ? { "WWW-Authenticate": 'Bearer realm="telemetry"' } : {};
}

/** Answers that nothing was done, and that the same request may succeed soon. */
export function failForNow(
  c: AppContext,
  deps: AppDeps,
  code: ErrorCode,
  message: string,
): Response {
  c.header("Retry-After", String(RETRY_AFTER_MILLIS / 1_000));
  return fail(c, deps, code, message);
}

/** The rules about hosts and origins, from the configuration. */
export function originRules({ server, security }: Config): OriginRules {
  return {
    host: server.host,
    publicHosts: server.publicHosts,
    allowedOrigins: security.allowedOrigins,
  };
}

/** The address of the peer; the hostname alone, since ports change with every connection. */
export function addressOf({ remoteAddr }: RequestInfo): string {
  return remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : "unknown";
}

/**
 * Who sends a request. A wrong credential is never taken for none.
 *
 * @returns `undefined` when the request must be refused with 401.
 */
export function authenticate(request: Request, deps: AppDeps): Principal | undefined {
  const { security } = deps.config;
  const isLoopback = () =>
    isLoopbackRequest(request, new URL(request.url), originRules(deps.config));
  const credential = credentialOf(request, security.allowQueryApiKey);
  if (credential !== undefined) return deps.keys.verify(credential, isLoopback);
  if (security.anonymousScopes.length === 0) return undefined;
  if (!security.allowAnonymousRemote && !isLoopback()) return undefined;
  const scopes = new Set<Scope>(security.anonymousScopes);
  return { name: "anonymous", authenticated: false, scopes };
}

/** What a request without a valid key is told. */
export const UNAUTHORIZED_MESSAGE =
  "a valid key is needed: send it as X-API-Key or as Authorization: Bearer";

/** Lets requests pass whose principal has a scope; others get 401 or 403. */
export function requireScope(deps: AppDeps, scope: Scope, handler: Handler): Handler {
  return (c) => {
    const principal = authenticate(c.req.raw, deps);
    if (principal === undefined) return fail(c, deps, "UNAUTHORIZED", UNAUTHORIZED_MESSAGE);
    if (!principal.scopes.has(scope)) {
      return fail(c, deps, "FORBIDDEN", `this needs the scope "${scope}"`);
    }
    c.set("principal", principal);
    return handler(c);
  };
}
