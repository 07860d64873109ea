/**
 * What subscribers and publishers are told about their connection.
 *
 * @module
 */
import type { ConnectionTarget } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { HandlerErrorSink } from "./emitter.ts";
import { type Environment, environment, type SocketConstructor } from "./environment.ts";

/** Whom to connect to, and as whom. */
export interface ConnectOptions extends Credentials {
  /** The gateway's address, `wss://host`; `https` does as well, and the path may be left out. */
  readonly url: string | URL;
  /**
   * This client's name, 1 to 128 printable characters. A later connection with the same name and
   * credentials replaces it. Without one the gateway gives a name, and nobody is replaced.
   */
  readonly clientId?: string;
  /** Where the platform has none: that of the package `ws`. */
  readonly WebSocket?: SocketConstructor;
  /** Takes what handlers throw; the console when absent. */
  readonly onHandlerError?: HandlerErrorSink;
  /** Stands in for the platform in tests. */
  readonly environment?: Partial<Environment>;
}

/** What is particular about a dialect. */
export interface Endpoint extends Pick<ConnectionTarget, "protocol" | "reason"> {
  /** The path of its socket. */
  readonly path: string;
}

/**
 * The platform as the options have it.
 *
 * @throws {TypeError} When there is no WebSocket.
 */
export function environmentOf({ environment: given, WebSocket }: ConnectOptions): Environment {
  return environment({ ...given, ...(WebSocket && { WebSocket }) });
}

/**
 * Where to connect: `http` becomes `ws`, and an address without a path gets one.
 *
 * @throws {TypeError} When the address is not one.
 */
export function targetOf(options: ConnectOptions, endpoint: Endpoint): ConnectionTarget {
  const { clientId, key, ticket } = options;
  const { path, protocol, reason } = endpoint;
  const url = new URL(options.url);
  url.protocol = url.protocol.replace("http", "ws");
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError("url: expected ws:// or wss://");
  if (url.pathname === "/") url.pathname = path;
  if (clientId !== undefined) url.searchParams.set("clientId", clientId);
  const credentials = ticket ? { ticket } : key === undefined ? {} : { key };
  return { url, protocol, reason, ...credentials };
}
