/**
 * What the listener knows of a request.
 *
 * @module
 */

/** What the listener knows of a request. */
export interface RequestInfo {
  /** Who sent it. */
  readonly remoteAddr?: Deno.Addr;
}

/** The address of the peer; the hostname alone, since ports change with every connection. */
export function addressOf({ remoteAddr }: RequestInfo): string {
  return remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : "unknown";
}
