/**
 * Which hosts and origins are answered: the defence against DNS rebinding and foreign pages.
 *
 * @module
 */
import { isLoopbackHost } from "../../protocol/config.ts";

/** Host names that mean this machine, as they stand in a URL. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Headers that proxies add; with one of them a loopback peer speaks for somebody else. */
const FORWARDING_HEADERS = /^(?:forwarded|via|x-real-ip|x-forwarded-.*)$/;

/** What the rules depend on. */
export interface OriginRules {
  /** The address that the listener is bound to. */
  readonly host: string;
  /** Other names under which the gateway is reached, with or without a port. */
  readonly publicHosts: readonly string[];
  /** Origins of pages that may use the gateway besides its own. */
  readonly allowedOrigins: readonly string[];
}

/** Whether the `Host` of a request is one of ours. */
export function isKnownHost(url: URL, rules: OriginRules): boolean {
  const bound = rules.host.includes(":") ? `[${rules.host}]` : rules.host;
  return LOOPBACK_NAMES.has(url.hostname) || url.hostname === bound ||
    rules.publicHosts.some((host) => host.toLowerCase() === url.host || host === url.hostname);
}

/** The hosts that are ours, without taking every URL apart: clients come by few names. */
export class KnownHosts {
  readonly #rules: OriginRules;
  /** The origin that came last, with the slash that ends it. */
  #last = "";

  /** Takes the rules. */
  constructor(rules: OriginRules) {
    this.#rules = rules;
  }

  /** Whether the host in a URL is one of ours; what is no URL names none. */
  has(text: string): boolean {
    if (this.#last !== "" && text.startsWith(this.#last)) return true;
    const url = URL.parse(text);
    if (url === null || !isKnownHost(url, this.#rules)) return false;
    this.#last = `${url.origin}/`;
    return true;
  }
}

/** Whether a request has the privileges of loopback: from this machine and for itself. */
export function isLoopbackRequest(request: Request, url: URL, rules: OriginRules): boolean {
  return isLoopbackHost(rules.host) && LOOPBACK_NAMES.has(url.hostname) &&
    ![...request.headers.keys()].some((name) => FORWARDING_HEADERS.test(name));
}

/**
 * Whether the page behind a request, if there is one, may use the gateway. Same origin means equal
 * host and port; the scheme may differ, since TLS may end at a proxy.
 */
export function isAllowedOrigin(request: Request, rules: OriginRules): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || rules.allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;
}
