/**
 * All of the gateway that speaks HTTP, as one function of a request: it needs no port, so tests call
 * it as the listener does.
 *
 * @module
 */
import { accessInMemory } from "../actors/access/access.ts";
import { getPath } from "hono/utils/url";
import type { Metrics } from "../actors/observability/metrics.ts";
import type { Principal } from "../actors/ports.ts";
import type { KeyStore } from "./auth/api_keys.ts";
import { type Authenticator, KeyAuthenticator } from "./auth/authenticator.ts";
import { HostCheck } from "./auth/host.ts";
import { clientAddress, ForwardingRules, isSecure } from "./client_address.ts";
import { isAllowedOrigin, type OriginRules } from "./auth/origin.ts";
import { COLLECTOR_SOCKET } from "./sockets/collector_socket.ts";
import { type AppDeps, failure, NOSNIFF, originRules, type Refusal, refuse } from "./context.ts";
import { HEALTH_PATHS } from "./api/health.ts";
import type { RequestInfo } from "./request_info.ts";
import { createRouter } from "./router.ts";
import { acceptSocket, type SocketRoute } from "./sockets/handshake.ts";
import { TELEMETRY_SOCKET } from "./sockets/telemetry_socket.ts";
import { isUpgrade } from "./sockets/websocket.ts";

/** Where sockets are opened, by path. */
export const SOCKETS: ReadonlyMap<string, SocketRoute> = new Map([
  ["/ws/telemetry", TELEMETRY_SOCKET],
  ["/ws/collector", COLLECTOR_SOCKET],
]);

/** The application. */
export interface App {
  /** Answers a request; never rejects. */
  fetch(request: Request, info: RequestInfo): Response | Promise<Response>;
}

/** What the application is built with. */
export interface AppOptions extends Omit<AppDeps, "authenticator" | "access" | "currentPrincipal"> {
  /** Sessions and tickets; such as end with the process when absent. */
  readonly access?: AppDeps["access"];
  /** The accepted keys. */
  readonly keys: KeyStore;
  /** Knows clients in another way than by their keys alone. */
  readonly authenticator?: Authenticator;
}

/** Builds the application. */
export function createApp({ keys, ...options }: AppOptions): App {
  const { config: { security }, hub, metrics } = options;
  const rules = originRules(options.config);
  const access = options.access ?? accessInMemory(options.config, options.clock);
  const authenticator = new KeyAuthenticator({ ...rules, security, keys, access });
  const currentPrincipal = (principal: Principal) => findCurrent(keys, principal);
  const deps: AppDeps = { authenticator, currentPrincipal, ...options, access };
  access.sessions.judgeBy({
    inUse: () => hub.sessionsInUse(),
    isInUse: ({ id, grant }) => hub.connectionsOfSession(grant.name, id).length > 0,
    isValid: ({ name, secretId }) => keys.current(name, secretId) !== undefined,
  });
  publishAccess(access, metrics);
  keys.onChange(() => {
    hub.reviewRights((name, secretId) => keys.current(name, secretId)?.principal);
  });
  const hosts = new HostCheck(rules);
  const forwarding = new ForwardingRules(options.config.server);
  const router = createRouter(deps, SOCKETS.keys());
  return {
    fetch: (request, connection) => {
      const info = describe(request, connection, forwarding);
      const refusal = guard(request, hosts, rules);
      if (refusal !== undefined) return refuse(refusal, request, info, deps);
      const route = isUpgrade(request) ? SOCKETS.get(getPath(request)) : undefined;
      // Routing a handshake would be a tenth of what a connection costs until it is subscribed.
      if (route === undefined) {
        const answer = router.fetch(request, info);
        return answer instanceof Promise ? answer.then(withoutSniffing) : withoutSniffing(answer);
      }
      const failed = (error: unknown) => refuse(failure(request, error, deps), request, info, deps);
      try {
        const answer = acceptSocket(request, info, deps, route);
        return answer instanceof Promise ? answer.catch(failed) : answer;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/** Finds out once who sends a request; the address cannot be read after an upgrade. */
function describe(request: Request, info: RequestInfo, rules: ForwardingRules): RequestInfo {
  const address = clientAddress(request, info, rules);
  return { ...info, address, secure: isSecure(request, info, rules) };
}

/** A principal with the rights that its key has now; one without a key has those it had. */
function findCurrent(keys: KeyStore, principal: Principal): Principal | undefined {
  const { name, secretId, sessionId } = principal;
  if (secretId === undefined) return principal;
  const current = keys.current(name, secretId)?.principal;
  return current === undefined || sessionId === undefined ? current : { ...current, sessionId };
}

/** Malformed and foreign hosts and foreign pages are refused before anything else. */
function guard(request: Request, hosts: HostCheck, rules: OriginRules): Refusal | undefined {
  const fault = hosts.faultOf(request);
  if (fault?.kind === "malformed") return { code: "MALFORMED_HOST", message: fault.message };
  // Probes come by the address of a container or a machine.
  if (fault !== undefined && !HEALTH_PATHS.has(getPath(request))) {
    return { code: "MISDIRECTED_REQUEST", message: fault.message };
  }
  if (!isAllowedOrigin(request, rules)) {
    const message = "this page may not use the gateway; add its origin to security.allowedOrigins";
    return { code: "ORIGIN_NOT_ALLOWED", message };
  }
  return undefined;
}

/** Adds the numbers of sessions and tickets to the metrics. */
function publishAccess({ sessions, tickets }: AppDeps["access"], metrics: Metrics): void {
  metrics.addGauge("sessions", "Sessions of pages", () => sessions.size);
  metrics.addGauge("tickets", "Tickets that wait for their use", () => tickets.size);
  metrics.addCounter("tickets_issued_total", "Tickets issued", () => tickets.issued);
  metrics.addCounter("tickets_used_total", "Tickets used", () => tickets.used);
}

function withoutSniffing(answer: Response): Response {
  answer.headers.set(...NOSNIFF);
  return answer;
}
