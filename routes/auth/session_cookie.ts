/**
 * The cookie that carries the token of a session, and for which requests it counts.
 *
 * @module
 */
import { parse, serialize } from "hono/utils/cookie";
import { SESSION_MILLIS } from "../../actors/access/sessions.ts";
import type { RequestInfo } from "../request_info.ts";
import { parseAuthority } from "./host.ts";
import { isSameOrigin } from "./origin.ts";

/** What the name of the cookie begins with. */
export const SESSION_COOKIE = "telemetry_session";

/** Requests that change nothing. Browsers leave `Origin` out of those of a page to its own origin. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Ends the value of a cookie that was begun over TLS, and is sent over TLS alone. */
const SECURE_MARK = ".s";

/** What a cookie carries. */
export interface CarriedSession {
  /** The token of the session. */
  readonly token: string;
  /** Whether it is sent over TLS alone. */
  readonly secure: boolean;
}

/** The session that a request carries; `undefined` without one. */
export function carriedSession(request: Request): CarriedSession | undefined {
  const header = request.headers.get("cookie");
  if (header === null || !header.includes(SESSION_COOKIE)) return undefined;
  const name = cookieName(request);
  const value = parse(header, name)[name] || undefined;
  if (value === undefined) return undefined;
  const secure = value.endsWith(SECURE_MARK);
  return { token: secure ? value.slice(0, -SECURE_MARK.length) : value, secure };
}

/** The field that hands a page its token, or prolongs it. */
export function sessionCookie(request: Request, { token, secure }: CarriedSession): string {
  const value = secure ? token + SECURE_MARK : token;
  return write(request, value, secure, SESSION_MILLIS / 1_000);
}

/** The field that takes the token away. */
export function endedSessionCookie(request: Request): string {
  return write(request, "", carriedSession(request)?.secure === true, 0);
}

/**
 * Why a session does not count for a request; `undefined` when it does. Cookies are sent by themselves,
 * also for pages of other ports and of sister hosts, so every use needs a sign that one of our own pages
 * is behind it: an equal `Origin`, which browsers send with every handshake and every request that
 * changes something, or for reading `Sec-Fetch-Site`, where they send it.
 */
export function foreignUseOf(request: Request): string | undefined {
  const { method, headers } = request;
  const origin = headers.get("origin");
  if (origin !== null) {
    // With TLS of our own, a page over plain HTTP is not ours: anyone on the network can forge it.
    const isPlain = request.url.startsWith("https:") && !origin.startsWith("https:");
    return isSameOrigin(request) && !isPlain ? undefined : FOREIGN;
  }
  const site = headers.get("sec-fetch-site");
  const isReading = SAFE_METHODS.has(method) && !headers.has("upgrade");
  if (site === "same-origin") return undefined;
  // "none": the user typed the address.
  if (isReading && (site === null || site === "none")) return undefined;
  return site === null ? ORIGIN_NEEDED : FOREIGN;
}

const FOREIGN = "a session counts for the gateway's own pages alone; use a ticket";

const ORIGIN_NEEDED = "a session counts only together with the Origin that browsers send; " +
  "programs use a key or a ticket";

/**
 * Whether the cookie of a new session is for TLS alone: where the client is known to speak it, or its page
 * says that it was loaded over it, as behind a proxy that nobody named.
 */
export function mustBeSecure({ headers }: Request, { secure }: RequestInfo): boolean {
  return secure === true || (headers.get("origin") ?? "").startsWith("https:");
}

/** Cookies do not know ports, so that gateways on one host would take each other's away. */
function cookieName({ url, headers }: Request): string {
  const port = parseAuthority(headers.get("host") ?? new URL(url).host)?.port;
  return port === undefined ? SESSION_COOKIE : `${SESSION_COOKIE}_${port}`;
}

function write(request: Request, token: string, secure: boolean, maxAge: number): string {
  const options = { httpOnly: true, sameSite: "Strict", path: "/", maxAge, secure } as const;
  return serialize(cookieName(request), token, options);
}
