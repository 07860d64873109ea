/**
 * Which pages are answered, and which requests have the privileges of loopback.
 *
 * @module
 */
import { isLoopbackHost } from "../../protocol/config.ts";
import { type HostRules, LOOPBACK_NAMES, parseAuthority } from "./host.ts";

/** What the rules depend on. */
export interface OriginRules extends HostRules {
  /** Origins of pages that may use the gateway besides its own. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Headers by which proxies and CDNs name the client they speak for: whatever says "forwarded", and
 * the addresses of clients (`X-Real-IP`, `CF-Connecting-IP`, `True-Client-IP`, `X-Azure-ClientIP` …).
 */
const FORWARDING_HEADERS =
  /^(?:via|cdn-loop|x-envoy-external-address|(?:.*-)?forwarded(?:-.*)?|.*(?:client|connecting|real|remote|source|user)-?(?:ip(?:v6)?|addr|address))$/;

/** The port that a URL leaves out, by scheme. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** An origin, taken apart. */
interface ParsedOrigin {
  readonly scheme: string;
  readonly name: string;
  /** The default of the scheme filled in. */
  readonly port: number | undefined;
}

/** Reads a serialized origin (RFC 6454, section 6.2); `undefined` for `null` and everything else. */
function parseOrigin(text: string): ParsedOrigin | undefined {
  const [, scheme = "", host] = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i.exec(text) ?? [];
  const authority = host === undefined ? undefined : parseAuthority(host);
  if (authority === undefined) return undefined;
  const lower = scheme.toLowerCase();
  return { scheme: lower, name: authority.name, port: authority.port ?? DEFAULT_PORTS[lower] };
}

/** Whether an origin is one of those that are allowed; a default port may be written or not. */
export function isListedOrigin(origin: string, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true;
  const given = parseOrigin(origin);
  return given !== undefined && allowed.some((text) => {
    const one = parseOrigin(text);
    return one?.scheme === given.scheme && one.name === given.name && one.port === given.port;
  });
}

/**
 * Whether the page behind a request, if there is one, may use the gateway. Same origin means equal
 * host and port; the scheme may differ, since TLS may end at a proxy, so a `Host` without a port has
 * the default of the page's scheme.
 */
export function isAllowedOrigin(request: Request, rules: OriginRules): boolean {
  const text = request.headers.get("origin");
  return text === null || isListedOrigin(text, rules.allowedOrigins) || isSameOrigin(request);
}

/** Whether the page behind a request is one of the gateway's own; `false` without an `Origin`. */
export function isSameOrigin(request: Request): boolean {
  const origin = parseOrigin(request.headers.get("origin") ?? "");
  if (origin === undefined || !(origin.scheme in DEFAULT_PORTS)) return false;
  const host = parseAuthority(request.headers.get("host") ?? new URL(request.url).host);
  return host?.name === origin.name &&
    (host.port ?? DEFAULT_PORTS[origin.scheme]) === origin.port;
}

/**
 * Why a request does not have the privileges of loopback, which are for requests from this machine
 * and for itself; `undefined` when it has them.
 */
export function loopbackFault(
  { url, headers }: Request,
  { host }: OriginRules,
): string | undefined {
  if (!isLoopbackHost(host)) return "while the gateway does not listen on a loopback address";
  for (const name of headers.keys()) {
    if (FORWARDING_HEADERS.test(name)) {
      return `through a proxy (the request has the header ${name})`;
    }
  }
  return LOOPBACK_NAMES.has(new URL(url).hostname)
    ? undefined
    : "under another host name than localhost, 127.0.0.1 or [::1]";
}
