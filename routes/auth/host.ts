/**
 * The `Host` of a request: the header itself is checked, as the runtime puts its text before the path
 * to make `request.url`, and a header that holds more than a host would rewrite the path.
 *
 * @module
 */

/** Host names that mean this machine, as they stand in a URL. */
export const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** `host[:port]` (RFC 9110, section 7.2): a name or address, IPv6 in brackets; no user, no path. */
const AUTHORITY = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(\d{0,5}))?$/i;

/** Largest port number. */
const MAX_PORT = 65_535;

/** A host with its port. */
export interface Authority {
  /** In lower case; IPv6 in brackets and in its shortest form. */
  readonly name: string;
  /** Absent when the text has none. */
  readonly port: number | undefined;
}

/** Reads `host[:port]`; `undefined` when the text is something else. */
export function parseAuthority(text: string): Authority | undefined {
  const [, host, digits = ""] = AUTHORITY.exec(text) ?? [];
  if (host === undefined) return undefined;
  const port = digits === "" ? undefined : Number(digits);
  if (port !== undefined && port > MAX_PORT) return undefined;
  const url = URL.parse(`http://${host}/`);
  if (url === null) return undefined;
  // Names are compared as text: what URLs read as another way of writing an IPv4 address stays foreign.
  return { name: host.startsWith("[") ? url.hostname : host.toLowerCase(), port };
}

/** Which hosts are answered. */
export interface HostRules {
  /** The address that the listener is bound to. */
  readonly host: string;
  /** Other names under which the gateway is reached, with or without a port. */
  readonly publicHosts: readonly string[];
}

/** What is wrong with the host of a request. */
export interface HostFault {
  /** `malformed` is the fault of the request; `foreign` is a host that is not ours. */
  readonly kind: "malformed" | "foreign";
  /** For people. */
  readonly message: string;
}

const MISSING = malformed("the request has no Host header, or an empty one");
const MALFORMED = malformed("the Host header must be a host name or address, perhaps with a port");
const CONTRADICTED = malformed("the request target names another host than the Host header");
const FOREIGN: HostFault = {
  kind: "foreign",
  message: "this host name is not served here; add it to server.publicHosts",
};

/** Checks hosts. Caches the last valid one, as most clients use the same name. */
export class HostCheck {
  readonly #bound: string;
  readonly #publicHosts: readonly Authority[];
  /** The `Host` that passed last, and what the URL of its requests begins with. */
  #lastHost: string | undefined;
  #lastPrefix = "";

  /** Takes the rules. */
  constructor({ host, publicHosts }: HostRules) {
    this.#bound = parseAuthority(host.includes(":") ? `[${host}]` : host)?.name ?? host;
    this.#publicHosts = publicHosts.flatMap((one) => parseAuthority(one) ?? []);
  }

  /** What is wrong with the host of a request; `undefined` when nothing is. */
  faultOf({ url, headers }: Request): HostFault | undefined {
    const header = headers.get("host");
    if (header === this.#lastHost && url.startsWith(this.#lastPrefix)) return undefined;
    // HTTP/2, spoken over TLS alone, has the host in the URL and no such header.
    const host = header ?? (url.startsWith("https:") ? URL.parse(url)?.host : undefined);
    if (host === undefined || host === "") return MISSING;
    const authority = parseAuthority(host);
    if (authority === undefined) return MALFORMED;
    const prefix = `${url.slice(0, url.indexOf(":"))}://${host}/`;
    if (!url.startsWith(prefix) && !isSameHost(url, authority)) return CONTRADICTED;
    if (!this.#isOurs(authority)) return FOREIGN;
    [this.#lastHost, this.#lastPrefix] = [host, prefix];
    return undefined;
  }

  #isOurs({ name, port }: Authority): boolean {
    return LOOPBACK_NAMES.has(name) || name === this.#bound ||
      this.#publicHosts.some((one) =>
        one.name === name && (one.port === undefined || isSamePort(one.port, port))
      );
  }
}

/** A URL says 80 or 443 by leaving the port out; which of them, only the proxy with TLS knows. */
function isSamePort(expected: number, given: number | undefined): boolean {
  return given === expected || (given === undefined && (expected === 80 || expected === 443));
}

/** Whether a URL, as the absolute form of a request target gives it, names a host. */
function isSameHost(text: string, { name, port }: Authority): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  const other = parseAuthority(url.host);
  const standard = url.protocol === "https:" ? 443 : 80;
  return other?.name === name && (other.port ?? standard) === (port ?? standard);
}

function malformed(message: string): HostFault {
  return { kind: "malformed", message };
}
