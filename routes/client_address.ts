/**
 * Who sends a request, also behind proxies: the client's address and whether it came over TLS.
 *
 * What a header says counts only as far as trusted proxies wrote it. Each proxy appends the address
 * that it was called from, so the list is read from its end: the first address there that is not a
 * trusted proxy is the client, and everything before it may be made up by that client.
 *
 * @module
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { Config } from "../protocol/config.ts";
import { type ForwardedElement, forwardedElements } from "./forwarded_header.ts";
import type { RequestInfo } from "./request_info.ts";

/** Which header tells the client's address; see `server.forwardedHeader`. */
type ForwardedHeader = Config["server"]["forwardedHeader"];

/** The address when the listener does not tell one. */
const UNKNOWN = "unknown";

/** Which proxies are believed, and which header is read. */
export class ForwardingRules {
  /** The header that is read. */
  readonly header: ForwardedHeader;
  /** Absent when no proxy is trusted. */
  readonly #proxies: BlockList | undefined;

  /** Takes addresses and CIDR blocks that the configuration has checked. */
  constructor({ trustedProxies, forwardedHeader }: Pick<
    Config["server"],
    "trustedProxies" | "forwardedHeader"
  >) {
    this.header = forwardedHeader;
    if (trustedProxies.length === 0) return;
    this.#proxies = new BlockList();
    for (const text of trustedProxies) addTo(this.#proxies, text);
  }

  /** Whether an address, as {@link parseAddress} gives it, is that of a trusted proxy. */
  trusts(address: string): boolean {
    if (this.#proxies === undefined || address === UNKNOWN) return false;
    return this.#proxies.check(address, address.includes(":") ? "ipv6" : "ipv4");
  }
}

function addTo(proxies: BlockList, text: string): void {
  const [address = "", prefix] = text.split("/");
  const plain = parseAddress(address) ?? address;
  const family = plain.includes(":") ? "ipv6" : "ipv4";
  if (prefix === undefined) {
    proxies.addAddress(plain, family);
    return;
  }
  // A block of IPv4 addresses written as IPv6 (::ffff:10.0.0.0/104).
  const bits = Number(prefix) - (family === "ipv4" && address.includes(":") ? 96 : 0);
  if (bits >= 0) proxies.addSubnet(plain, bits, family);
}

/** The address of the client behind a request, without its port; IPv4 never written as IPv6. */
export function clientAddress(
  { headers }: Request,
  info: RequestInfo,
  rules: ForwardingRules,
): string {
  const peer = peerAddress(info);
  if (!rules.trusts(peer)) return peer;
  const list = rules.header === "forwarded" ? null : headers.get("x-forwarded-for");
  const forwarded = rules.header === "x-forwarded-for" ? null : headers.get("forwarded");
  const [byList, byForwarded] = [
    list === null ? undefined : lastForeign(listed(list), peer, rules),
    forwarded === null ? undefined : lastForeign(named(forwarded), peer, rules),
  ];
  // Most proxies write one of the two and pass on the other as the client sent it.
  if (byList !== undefined && byForwarded !== undefined && byList !== byForwarded) return peer;
  return byList ?? byForwarded ?? peer;
}

/**
 * Whether the client speaks TLS: with the gateway itself, or with a trusted proxy that says so
 * (`X-Forwarded-Proto`, or `proto` of `Forwarded`). Cookies are `Secure` then.
 */
export function isSecure(
  { url, headers }: Request,
  info: RequestInfo,
  rules: ForwardingRules,
): boolean {
  if (url.startsWith("https:")) return true;
  if (!rules.trusts(peerAddress(info))) return false;
  const scheme = rules.header === "forwarded" ? null : headers.get("x-forwarded-proto");
  if (scheme !== null) return scheme.split(",").at(-1)!.trim().toLowerCase() === "https";
  const forwarded = rules.header === "x-forwarded-for" ? null : headers.get("forwarded");
  if (forwarded === null) return false;
  const [last] = forwardedElements(forwarded);
  return last?.proto?.toLowerCase() === "https";
}

/** The address that the connection comes from; ports are left out, as each connection has another. */
export function peerAddress({ remoteAddr }: RequestInfo): string {
  if (remoteAddr === undefined || !("hostname" in remoteAddr)) return UNKNOWN;
  const { hostname } = remoteAddr;
  return hostname.includes(":") ? parseAddress(hostname) ?? hostname : hostname;
}

/**
 * Reads an IP address, perhaps with a port, IPv6 perhaps in brackets.
 *
 * @returns Its shortest form, without port and zone; IPv4 where IPv6 stands for it.
 */
export function parseAddress(text: string): string | undefined {
  const [, v4] = /^(\d[\d.]*)(?::\d{1,5})?$/.exec(text) ?? [];
  if (v4 !== undefined) return isIPv4(v4) ? v4 : undefined;
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const bare = (bracketed ?? text).replace(/%.*$/, "");
  if (!isIPv6(bare)) return undefined;
  const short = URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1);
  if (short === undefined) return undefined;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  return high === undefined ? short : [high, low!].flatMap(octets).join(".");
}

function octets(group: string): number[] {
  const value = parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

/**
 * The first address, from the end of the list, that is not a trusted proxy. Where an entry is no
 * address, the proxy that wrote it stands for the client; where all are trusted, the first one does.
 */
function lastForeign(
  entries: Iterable<string | undefined>,
  peer: string,
  rules: ForwardingRules,
): string {
  let nearest = peer;
  for (const address of entries) {
    if (address === undefined) break;
    nearest = address;
    if (!rules.trusts(address)) break;
  }
  return nearest;
}

/** The addresses of `X-Forwarded-For`, the last one first; `undefined` for what is none. */
function* listed(header: string): Generator<string | undefined> {
  let end = header.length;
  while (end >= 0) {
    const comma = end === 0 ? -1 : header.lastIndexOf(",", end - 1);
    yield parseAddress(header.slice(comma + 1, end).trim());
    end = comma;
  }
}

/** The addresses of `Forwarded`, the last one first; `undefined` for what is none. */
function* named(header: string): Generator<string | undefined> {
  for (const element of forwardedElements(header)) yield addressIn(element);
}

function addressIn(element: ForwardedElement | undefined): string | undefined {
  return element?.for === undefined ? undefined : parseAddress(element.for);
}
