/**
 * The WebSocket handshake of all dialects: authentication, subprotocol, query and admission.
 *
 * @module
 */
import { getQueryParam } from "hono/utils/url";
import type { Connection } from "../../actors/connection/actor.ts";
import type { Peer } from "../../actors/connection/peer.ts";
import type { SocketQuery } from "../../actors/connection/session.ts";
import type { Hub } from "../../actors/hub/hub.ts";
import type { Logger, Principal, Scope, Socket } from "../../actors/ports.ts";
import { wait } from "../../actors/wait.ts";
import type { ProtocolName } from "../../protocol/api.ts";
import { MAX_ID_LENGTH } from "../../protocol/events/fields.ts";
import { offeredProtocols } from "../auth/credentials.ts";
import { whenFound } from "../auth/authenticator.ts";
import { noteFailure } from "../auth/lockout.ts";
import { type AppDeps, type Refusal, refuse } from "../context.ts";
import { addressOf, type RequestInfo } from "../request_info.ts";
import { handshakeFault, type SocketHandlers, upgrade } from "./websocket.ts";

/** One path where sockets are opened. */
export interface SocketRoute {
  /** The scope that a key needs. */
  readonly scope: Scope;
  /** The supported subprotocols, the preferred one first. */
  readonly protocols: readonly ProtocolName[];
  /** The protocol of a client that offers no subprotocol. */
  readonly unnamed: ProtocolName;
  /** Reads the query; returns a message when it is not valid. */
  readonly readQuery: (parameter: (name: string) => string | undefined) => SocketQuery | string;
}

/** A valid handshake. */
interface Application {
  readonly peer: Peer;
  readonly query: SocketQuery;
  /** The negotiated subprotocol, when one was offered. */
  readonly protocol: ProtocolName | undefined;
}

/**
 * Answers a handshake: with an upgrade, or with the reason why there is none. At once, unless it has
 * to be held or its principal has to be waited for.
 */
export function acceptSocket(
  request: Request,
  info: RequestInfo,
  deps: AppDeps,
  route: SocketRoute,
): Response | Promise<Response> {
  const fault = handshakeFault(request);
  if (fault !== undefined) {
    const refusal = { ...invalid(`not a WebSocket handshake: ${fault}`), headers: VERSION };
    return refuse(refusal, request, info, deps);
  }
  const address = addressOf(info); // It cannot be read after the upgrade.
  return whenFound(deps.authenticator.authenticate(request, address), (found) => {
    if (!found.ok) {
      const answer = () => refuse(found.fault, request, info, deps);
      const held = noteFailure(found.fault, address, deps.lockout);
      return held instanceof Promise ? held.then(answer) : answer();
    }
    const application = examine(request, found.principal, address, route);
    if ("code" in application) return refuse(application, request, info, deps);
    return admit(application, request, info, deps);
  });
}

/** Asks the hub for a seat and answers the handshake. */
function admit(
  application: Application,
  request: Request,
  info: RequestInfo,
  deps: AppDeps,
): Response | Promise<Response> {
  const admitted = deps.hub.admit(application.peer);
  if (!admitted.ok) {
    const { code, message, retryAfterSeconds } = admitted;
    const headers = retryAfter(retryAfterSeconds);
    const keyName = application.peer.principal.name;
    return refuse({ code, message, headers, keyName }, request, info, deps);
  }
  const { connection, holdMillis } = admitted;
  const answer = () => upgradeFor(connection, request, info, application, deps);
  return holdMillis > 0 ? wait(deps.clock, holdMillis).then(answer) : answer();
}

/** Reads the subprotocol, the `clientId` and the query; returns a refusal when one is not valid. */
function examine(
  request: Request,
  principal: Principal,
  address: string,
  route: SocketRoute,
): Application | Refusal {
  const keyName = principal.name;
  if (!principal.scopes.has(route.scope)) {
    return { code: "FORBIDDEN", message: `this needs the scope "${route.scope}"`, keyName };
  }
  const { names, hasKey } = offeredProtocols(request);
  const protocol = route.protocols.find((name) => names.includes(name));
  if (protocol === undefined && (names.length > 0 || hasKey)) {
    const message = `offer the subprotocol ${route.protocols.join(" or ")}`;
    return { code: "UNSUPPORTED_PROTOCOL", message, keyName };
  }
  // Deployed clients send an empty `clientId=` when they have none.
  const clientId = parameterOf(request, "clientId") || undefined;
  if (clientId !== undefined && !isClientId(clientId)) {
    return { ...invalid(`clientId: 1 to ${MAX_ID_LENGTH} printable characters`), keyName };
  }
  const query = route.readQuery((name) => parameterOf(request, name));
  if (typeof query === "string") return { ...invalid(query), keyName };
  const peer = peerOf(principal, address, protocol ?? route.unnamed, clientId);
  return { peer, query, protocol };
}

function upgradeFor(
  connection: Connection,
  request: Request,
  info: RequestInfo,
  { peer, query, protocol }: Application,
  deps: AppDeps,
): Response {
  const { hub, clock, log, config } = deps;
  const keyName = peer.principal.name;
  if (!connection.is("live")) {
    return refuse({ ...endedHandshake(connection), keyName }, request, info, deps);
  }
  try {
    const handlers = new ConnectionHandlers(connection, query, hub, log);
    return upgrade(request, protocol, config.telemetry.heartbeatTimeoutSeconds, clock, handlers);
  } catch (error) {
    connection.refuse("INVALID_REQUEST");
    const refusal = invalid(`not a WebSocket handshake: ${(error as Error).message}`);
    return refuse({ ...refusal, keyName }, request, info, deps);
  }
}

/** Why a handshake ended before its upgrade. */
function endedHandshake({ cause }: Connection): Refusal {
  const ending = cause?.by === "gateway" ? cause.cause : undefined;
  if (ending === "unauthorized") {
    return { code: "API_KEY_INVALID", message: "the key was revoked, or has expired" };
  }
  if (ending === "forbidden") {
    return { code: "FORBIDDEN", message: "the key lost the scope that this needs" };
  }
  const message = "the handshake was ended; reconnect shortly";
  return { code: "DRAINING", message, headers: retryAfter(5) };
}

/** Reads one query parameter without parsing the whole URL, which costs more. */
function parameterOf({ url }: Request, name: string): string | undefined {
  return getQueryParam(url, name) as string | undefined;
}

/** The supported version, sent to clients that ask for another (RFC 6455 §4.4). */
const VERSION = { "Sec-WebSocket-Version": "13" };

function invalid(message: string): Refusal {
  return { code: "INVALID_REQUEST", message };
}

function retryAfter(seconds: number): Record<string, string> {
  return { "Retry-After": String(seconds) };
}

/** Passes the events of a socket to its connection. */
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
    this.#query = undefined; // Frees memory: it is used once.
    this.#hub.open(this.#connection, socket, query);
  }

  message(data: unknown): void {
    this.#connection.receive(data);
  }

  pongTimeout(): void {
    if (!this.#connection.is("live")) return;
    const { id: connectionId, clientId } = this.#connection;
    this.#log.warn("heartbeat timeout", { connectionId, clientId, missing: "pong" });
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
  return text.length <= MAX_ID_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(text);
}

function peerOf(
  principal: Principal,
  address: string,
  protocol: ProtocolName,
  clientId: string | undefined,
): Peer {
  const peer = { principal, address, protocol };
  return clientId === undefined ? peer : { ...peer, clientId };
}
