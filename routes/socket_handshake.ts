/**
 * The handshake that all sockets share: who is it, what does it speak, may it come in.
 *
 * @module
 */
import type { Connection } from "../actors/connection/actor.ts";
import type { Peer } from "../actors/connection/peer.ts";
import type { SocketQuery } from "../actors/connection/session.ts";
import type { Hub } from "../actors/hub/hub.ts";
import type { Logger, Principal, Scope, Socket } from "../actors/ports.ts";
import { wait } from "../actors/wait.ts";
import type { ProtocolName } from "../protocol/api.ts";
import { MAX_ID_LENGTH } from "../protocol/events/fields.ts";
import { offeredProtocols } from "./auth/credentials.ts";
import {
  addressOf,
  type AppContext,
  type AppDeps,
  authenticate,
  fail,
  UNAUTHORIZED_MESSAGE,
} from "./context.ts";
import { handshakeFault, isUpgrade, type SocketHandlers, upgrade } from "./websocket.ts";

/** One address where sockets are opened. */
export interface SocketRoute {
  /** What a key must be allowed to do. */
  readonly scope: Scope;
  /** The subprotocols that are spoken, best first. */
  readonly protocols: readonly ProtocolName[];
  /** What is spoken with a client that offers none. */
  readonly unnamed: ProtocolName;
  /** Reads what is particular about the address; a string says what is wrong with it. */
  readonly readQuery: (c: AppContext) => SocketQuery | string;
}

/** Answers a handshake: with an upgrade, or with the reason why there is none. */
export async function acceptSocket(
  c: AppContext,
  deps: AppDeps,
  route: SocketRoute,
): Promise<Response> {
  const request = c.req.raw;
  if (!isUpgrade(request)) {
    c.header("Upgrade", "websocket");
    return fail(c, deps, "UPGRADE_REQUIRED", "this is a WebSocket: connect with ws:// or wss://");
  }
  const fault = handshakeFault(request);
  if (fault !== undefined) {
    c.header("Sec-WebSocket-Version", "13");
    return fail(c, deps, "INVALID_REQUEST", `not a WebSocket handshake: ${fault}`);
  }
  const principal = authenticate(c, deps);
  if (principal === undefined) return fail(c, deps, "UNAUTHORIZED", UNAUTHORIZED_MESSAGE);
  if (!principal.scopes.has(route.scope)) {
    return fail(c, deps, "FORBIDDEN", `this needs the scope "${route.scope}"`);
  }
  const { names, hasKey } = offeredProtocols(request);
  const protocol = route.protocols.find((name) => names.includes(name));
  if (protocol === undefined && (names.length > 0 || hasKey)) {
    const spoken = route.protocols.join(" or ");
    return fail(c, deps, "UNSUPPORTED_PROTOCOL", `offer the subprotocol ${spoken}`);
  }
  const clientId = c.req.query("clientId");
  if (clientId !== undefined && !isClientId(clientId)) {
    const message = `clientId: 1 to ${MAX_ID_LENGTH} printable characters`;
    return fail(c, deps, "INVALID_REQUEST", message);
  }
  const query = route.readQuery(c);
  if (typeof query === "string") return fail(c, deps, "INVALID_REQUEST", query);
  const peer = peerOf(c, principal, clientId, protocol ?? route.unnamed);
  return await admit(c, deps, peer, query, protocol);
}

async function admit(
  c: AppContext,
  deps: AppDeps,
  peer: Peer,
  query: SocketQuery,
  protocol: string | undefined,
): Promise<Response> {
  const { hub, clock, log, config } = deps;
  const admitted = hub.admit(peer);
  if (!admitted.ok) {
    if (admitted.retryAfterSeconds !== undefined) {
      c.header("Retry-After", String(admitted.retryAfterSeconds));
    }
    return fail(c, deps, admitted.code, admitted.message);
  }
  const { connection } = admitted;
  const { holdMillis } = connection;
  if (holdMillis > 0) await wait(clock, holdMillis);
  if (connection.cause !== undefined) {
    c.header("Retry-After", "5");
    return fail(c, deps, "DRAINING", "the handshake was ended; reconnect shortly");
  }
  try {
    const handlers = new ConnectionHandlers(connection, query, hub, log);
    return upgrade(c.req.raw, protocol, config.telemetry.heartbeatTimeoutSeconds, clock, handlers);
  } catch (error) {
    connection.refuse("INVALID_REQUEST");
    return fail(
      c,
      deps,
      "INVALID_REQUEST",
      `not a WebSocket handshake: ${(error as Error).message}`,
    );
  }
}

/** What the socket of a connection does to it. */
class ConnectionHandlers implements SocketHandlers {
  readonly #connection: Connection;
  readonly #hub: Hub;
  readonly #log: Logger;
  #query: SocketQuery | undefined;

  constructor(connection: Connection, query: SocketQuery, hub: Hub, log: Logger) {
    this.#connection = connection;
    this.#query = query;
    this.#hub = hub;
    this.#log = log;
  }

  open(socket: Socket): void {
    const query = this.#query!;
    this.#query = undefined; // Nobody asks for it again.
    this.#hub.open(this.#connection, socket, query);
  }

  message(data: unknown): void {
    this.#connection.receive(data);
  }

  pongTimeout(): void {
    if (this.#connection.cause !== undefined) return;
    this.#log.warn("heartbeat timeout", { connectionId: this.#connection.id, missing: "pong" });
    this.#connection.timeOut("pongTimeout");
  }

  close(code: number): void {
    this.#hub.closed(this.#connection, code);
  }

  failed(error: unknown): void {
    this.#log.error("socket listener failed", { connectionId: this.#connection.id, error });
    this.#connection.end("internalError");
  }
}

function isClientId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_ID_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(text);
}

function peerOf(
  c: AppContext,
  principal: Principal,
  clientId: string | undefined,
  protocol: ProtocolName,
): Peer {
  const peer = { principal, address: addressOf(c), protocol };
  return clientId === undefined ? peer : { ...peer, clientId };
}
