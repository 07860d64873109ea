/**
 * The link that the demo prints: it opens the pages signed in, once.
 *
 * @module
 */
import type { Tickets } from "../../actors/access/tickets.ts";
import { type Config, isLoopbackHost } from "../../protocol/config.ts";
import type { KeyStore } from "./api_keys.ts";
import { readDevelopmentKey } from "./development_key.ts";

/** What the link is made from. */
export interface DemoLinkSources {
  /** The options. */
  readonly config: Config;
  /** The configured key with every scope; the development key stands in for it. */
  readonly apiKey: string | undefined;
  /** The accepted keys. */
  readonly keys: Pick<KeyStore, "find">;
  /** Issues the ticket. */
  readonly tickets: Tickets;
}

/**
 * Makes the link with a ticket that counts for 15 minutes, on this machine, to begin a session.
 *
 * @param url Where the gateway listens.
 * @returns `undefined` where there is no demo, no loopback address, or no key to stand behind it.
 */
export async function demoLink(
  { config, apiKey, keys, tickets }: DemoLinkSources,
  url: string,
): Promise<string | undefined> {
  if (!config.demo.enabled || !isLoopbackHost(config.server.host)) return undefined;
  const secret = apiKey ?? await readDevelopmentKey(config.store.dataDir);
  const key = secret === undefined ? undefined : await keys.find(secret);
  if (key === undefined) return undefined;
  const issued = tickets.issue({ name: key.principal.name, secretId: key.secretId }, "link");
  // In the fragment, which browsers do not send: no log of ours or of a proxy can hold it.
  return typeof issued === "string" ? undefined : `${url}/#ticket=${issued.ticket}`;
}
