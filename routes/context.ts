/**
 * What every route works with, and how every route answers.
 *
 * @module
 */
import type { Context, Env } from "hono";
import type { AuditTrail } from "../actors/audit/audit_log.ts";
import type { Access } from "../actors/access/access.ts";
import type { Cluster } from "../actors/cluster/cluster.ts";
import type { Hub } from "../actors/hub/hub.ts";
import type { Intake } from "../actors/intake/intake.ts";
import type { LimitHits } from "../actors/limits/limit_hits.ts";
import type { Lockout } from "../actors/limits/lockout.ts";
import type { Rates } from "../actors/limits/rates.ts";
import type { EventLog } from "../actors/log/event_log.ts";
import type { History } from "../actors/operations.ts";
import type { Metrics } from "../actors/observability/metrics.ts";
import type { Refusals } from "../actors/observability/refusals.ts";
import type { Clock, Logger, Principal } from "../actors/ports.ts";
import type { ChannelSet } from "../protocol/channel_set.ts";
import { errorEnvelope, successEnvelope } from "../protocol/api.ts";
import { type ErrorCode, ERRORS, RETRY_AFTER_MILLIS } from "../protocol/errors.ts";
import type { Config } from "../protocol/config.ts";
import { type EndpointData, type EndpointName, ENDPOINTS } from "../protocol/rest/endpoints.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import { isAbortedUpload } from "./api/aborted_upload.ts";
import { redactUrl } from "./auth/credentials.ts";
import type { FileKeyStore } from "./auth/keys/key_store.ts";
import type { OriginRules } from "./auth/origin.ts";
import { traceRefusal } from "./refusal_trace.ts";
import type { RequestInfo } from "./request_info.ts";
import type { RunningBackup } from "./api/backup.ts";

/** Everything the routes need. */
export interface AppDeps {
  /** The options. */
  readonly config: Config;
  /** Time. */
  readonly clock: Clock;
  /** Where faults are written. */
  readonly log: Logger;
  /** Tells who sends a request. */
  readonly authenticator: Authenticator;
  /** The channels that there are. */
  readonly channels: ChannelSet;
  /** All connections. */
  readonly hub: Hub;
  /** All instances together: their connections, bans, and the end of this one. */
  readonly cluster: Cluster;
  /** Takes events and acknowledgements. */
  readonly eventLog: Pick<EventLog, "append" | "storage">;
  /** Takes batches that have arrived. */
  readonly intake: Intake;
  /**
   * Aborts shortly before the process ends: bodies that are still arriving are given up, and their
   * requests answered with 503.
   */
  readonly closing?: AbortSignal;
  /** What was published. */
  readonly history: History;
  /** Answers scrapes. */
  readonly metrics: Metrics;
  /** Counts and writes what is refused. */
  readonly refusals: Refusals;
  /** Takes note of administrative acts, and answers who asks for them. */
  readonly audit: AuditTrail;
  /** Sessions and tickets. */
  readonly access: Pick<Access, "sessions" | "tickets">;
  /** Holds the answers to wrong credentials. */
  readonly lockout: Lockout;
  /** Limits the requests of each key. */
  readonly requestRates: Rates;
  /** Counts what limits have refused. */
  readonly limitHits: LimitHits;
  /**
   * A principal with the rights that its key has now; `undefined` when the key is not valid any more.
   * For requests that take a while, as uploads do.
   */
  readonly currentPrincipal: (principal: Principal) => Principal | undefined;
  /** The keys of the keys file, and what changes them. */
  readonly keyAdmin: Pick<FileKeyStore, "keys" | "edit">;
  /** Begins a backup of the store; absent when it keeps nothing. */
  readonly backup?: (() => Promise<RunningBackup>) | undefined;
  /** The kind of the store, for health. */
  readonly storeKind: string;
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

/** Answers a request to an endpoint with the success envelope, with what the table says. */
export function succeed<Name extends EndpointName>(
  c: AppContext,
  deps: AppDeps,
  name: Name,
  data: EndpointData<Name>,
): Response {
  return c.json(
    successEnvelope<unknown>(data, deps.clock.epochMillis()),
    ENDPOINTS[name].answer.status,
  );
}

/** Why a request is not served. */
export interface Refusal {
  /** What kind of fault it is. */
  readonly code: ErrorCode;
  /** For people: what is wrong and what to do. */
  readonly message: string;
  /** Fields of the answer beside those of every error. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of the key that it was asked for with, for the log; if it is known. */
  readonly keyName?: string;
}

/** Answers with the error envelope; a {@link traceRefusal} is left where the client was turned away. */
export function fail(
  c: AppContext,
  deps: AppDeps,
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, string>>,
): Response {
  const keyName = c.get("principal")?.name;
  traceRefusal(c.req.raw, c.env, { code, ...(keyName !== undefined && { keyName }) }, deps);
  return answerError(c, deps, code, message, details);
}

/** Answers with the error envelope where nobody is turned away, such as a probe that asks for it. */
export function answerError(
  c: AppContext,
  deps: AppDeps,
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, string>>,
): Response {
  const envelope = errorEnvelope(code, message, deps.clock.epochMillis(), details);
  return c.json(envelope, ERRORS[code].status, headersOf(code));
}

/** Answers with the error envelope where there is no context, and leaves a trace of it. */
export function refuse(
  refusal: Refusal,
  request: Request,
  info: RequestInfo,
  deps: AppDeps,
): Response {
  const { code, message, headers } = refusal;
  traceRefusal(request, info, refusal, deps);
  return Response.json(errorEnvelope(code, message, deps.clock.epochMillis()), {
    status: ERRORS[code].status,
    headers: { [NOSNIFF[0]]: NOSNIFF[1], ...headersOf(code), ...headers },
  });
}

/** Keeps browsers from taking an answer for something else than its media type says. */
export const NOSNIFF = ["X-Content-Type-Options", "nosniff"] as const;

/**
 * Logs that a handler failed and returns what its client is told. A client that disconnects during
 * its upload is not an error of the gateway.
 */
export function failure({ method, url }: Request, error: unknown, { log }: AppDeps): Refusal {
  if (isAbortedUpload(error)) {
    log.debug("upload aborted by its client", { method, url: redactUrl(url) });
    return { code: "INVALID_REQUEST", message: "the body ended before it was complete" };
  }
  log.error("request failed", { method, url: redactUrl(url), error });
  return { code: "INTERNAL_ERROR", message: "the gateway failed; its log says why" };
}

function headersOf(code: ErrorCode): Record<string, string> {
  return ERRORS[code].status === 401 ? { "WWW-Authenticate": 'Bearer realm="telemetry"' } : {};
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
