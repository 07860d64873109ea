/**
 * Logs and counts refused requests, without anything confidential.
 *
 * @module
 */
import type { Refusals, RefusedAttempt } from "../actors/observability/refusals.ts";
import { type ErrorCode, ERRORS } from "../protocol/errors.ts";
import { addressOf, type RequestInfo } from "./request_info.ts";
import { isUpgrade } from "./sockets/websocket.ts";

/** Longest text of a client in a line, in characters. */
const MAX_LENGTH = 200;

/** The prefix of socket paths: every refusal there counts as a refused handshake. */
const SOCKET_PREFIX = "/ws/";

/**
 * Statuses by which a client is turned away. Other errors concern the content of a request and are
 * not logged.
 */
const TURNED_AWAY: ReadonlySet<number> = new Set([401, 403, 421, 429, 503]);

/** Why a request is refused, as far as it is written down. */
export interface RefusalReason {
  /** The code of the answer. */
  readonly code: ErrorCode;
  /** The name of the key, if it is known. */
  readonly keyName?: string;
}

/** Counts and writes a refusal: every one of a handshake, of requests those that turn away. */
export function traceRefusal(
  request: Request,
  info: RequestInfo,
  { code, keyName }: RefusalReason,
  { refusals }: { readonly refusals: Refusals },
): void {
  const path = pathOf(request);
  const status = ERRORS[code].status;
  const kind = isUpgrade(request) || path.startsWith(SOCKET_PREFIX) ? "handshake" : "request";
  const isTurnedAway = TURNED_AWAY.has(status) || code === "MALFORMED_HOST";
  if (kind === "request" && !isTurnedAway) return;
  const attempt: RefusedAttempt = {
    status,
    code,
    address: addressOf(info),
    path,
    ...reasonOf(request, code),
    ...(keyName !== undefined && { principal: keyName }),
  };
  refusals.record(kind, attempt);
}

/** The header that is the reason for a code. */
function reasonOf({ headers }: Request, code: ErrorCode): { origin?: string; host?: string } {
  const host = headers.get("host") ?? undefined;
  if (code === "MISDIRECTED_REQUEST" || code === "MALFORMED_HOST") {
    return host === undefined ? {} : { host: withoutSecrets(host) };
  }
  if (code !== "ORIGIN_NOT_ALLOWED") return {};
  return { origin: withoutSecrets(headers.get("origin") ?? "") };
}

/** The path of a request without its query, whatever its `Host` has put before it. */
function pathOf({ url, headers }: Request): string {
  const authority = url.indexOf("//") + 2;
  const host = headers.get("host") ?? "";
  const start = host !== "" && url.startsWith(host, authority) ? authority + host.length : -1;
  const path = url.slice(start >= 0 ? start : url.indexOf("/", authority));
  return clip(path.replace(/[?#].*$/s, ""));
}

/** A host or an origin without what has no place in it: a user with a password, a path, a query. */
function withoutSecrets(text: string): string {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  const cut = rest.replace(/^.*@/s, "…@").replace(/[/?#\\].*$/s, (end) => `${end[0]}…`);
  return clip(scheme + cut);
}

function clip(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
