/**
 * What is known of a request besides its text.
 *
 * @module
 */

/** What the listener knows of a request, and what was found out from it. */
export interface RequestInfo {
  /** The other end of the connection: the client, or the proxy in front of the gateway. */
  readonly remoteAddr?: Deno.Addr;
  /** The address of the client: `clientAddress` of `client_address.ts`, found out once. */
  readonly address?: string;
  /** Whether the client speaks TLS, with the gateway or with a trusted proxy. */
  readonly secure?: boolean;
}

/**
 * The address of the client, which counts for limits, lockout, bans, logs and lists; without a port,
 * since ports change with every connection.
 */
export function addressOf({ address, remoteAddr }: RequestInfo): string {
  if (address !== undefined) return address;
  return remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : "unknown";
}
