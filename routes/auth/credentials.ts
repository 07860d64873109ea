/**
 * Where a request carries its credential.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** How a subprotocol that is a credential starts; unpadded base64url of the key follows. */
export const KEY_PROTOCOL_PREFIX = "telemetry.key.";

/** Query parameters that are never written down, in lower case. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(["apikey", "ticket"]);

/**
 * The key that a request carries in its headers: `X-API-Key`, `Authorization: Bearer`, or a
 * `telemetry.key.…` subprotocol, whichever comes first in this order. An empty header counts as
 * absent, and so does `Authorization` with another scheme, which is meant for somebody else.
 *
 * @returns `undefined` when there is none. A malformed one is returned as it stands: it will not
 * match any key.
 */
export function headerKeyOf({ headers }: Request): string | undefined {
  return (headers.get("x-api-key") || undefined) ??
    bearerOf(headers.get("authorization")) ??
    protocolKeyOf(headers.get("sec-websocket-protocol"));
}

/** The key of the query, `?apiKey=`; `undefined` when there is none. */
export function queryKeyOf({ url }: Request): string | undefined {
  return url.includes("?") ? new URL(url).searchParams.get("apiKey") ?? undefined : undefined;
}

/** The ticket of the query, `?ticket=`; `undefined` when there is none, or an empty one. */
export function queryTicketOf({ url }: Request): string | undefined {
  return url.includes("?") ? new URL(url).searchParams.get("ticket") || undefined : undefined;
}

/** The subprotocols that a handshake offers, without those that are credentials. */
export function offeredProtocols(request: Request): { names: string[]; hasKey: boolean } {
  const all = splitProtocols(request.headers.get("sec-websocket-protocol"));
  const names = all.filter((name) => !name.startsWith(KEY_PROTOCOL_PREFIX));
  return { names, hasKey: names.length < all.length };
}

/** A URL as it may be written down: without its credentials. */
export function redactUrl(url: string): string {
  return url.replace(/(?<=\?)[^#]*/, (query) => query.split("&").map(redactParameter).join("&"));
}

function redactParameter(parameter: string): string {
  const [name = ""] = parameter.split("=");
  // Names may be percent-encoded; the parser of the platform knows how.
  const [decoded = ""] = new URLSearchParams(name).keys();
  return SECRET_PARAMETERS.has(decoded.toLowerCase()) ? `${name}=REDACTED` : parameter;
}

function bearerOf(header: string | null): string | undefined {
  return /^Bearer(?:\s+(.*))?$/i.exec(header ?? "")?.slice(1).map((token = "") => token.trim())[0];
}

function protocolKeyOf(header: string | null): string | undefined {
  const offered = splitProtocols(header).find((name) => name.startsWith(KEY_PROTOCOL_PREFIX));
  if (offered === undefined) return undefined;
  return Buffer.from(offered.slice(KEY_PROTOCOL_PREFIX.length), "base64url").toString();
}

function splitProtocols(header: string | null): string[] {
  if (header === null) return [];
  return header.split(",").map((name) => name.trim()).filter((name) => name !== "");
}
