/**
 * All of the gateway that speaks HTTP, as one function of a request: it needs no port, so tests call
 * it as the listener does.
 *
 * @module
 */
import { getPath } from "hono/utils/url";
import { isAllowedOrigin, KnownHosts, type OriginRules } from "./auth/origin.ts";
import { COLLECTOR_SOCKET } from "./collector_socket.ts";
import {
  type AppDeps,
  failure,
  originRules,
  type Refusal,
  refuse,
  type RequestInfo,
} from "./context.ts";
import { createRouter } from "./router.ts";
import { acceptSocket, type SocketRoute } from "./socket_handshake.ts";
import { TELEMETRY_SOCKET } from "./telemetry_socket.ts";
import { isUpgrade } from "./websocket.ts";

/** Where sockets are opened. */
const SOCKETS: ReadonlyMap<string, SocketRoute> = new Map([
  ["/ws/telemetry", TELEMETRY_SOCKET],
  ["/ws/collector", COLLECTOR_SOCKET],
]);

/** The application. */
export interface App {
  /** Answers a request; never rejects. */
  fetch(request: Request, info: RequestInfo): Response | Promise<Response>;
}

/** Builds the application. */
export function createApp(deps: AppDeps): App {
  const rules = originRules(deps.config);
  const hosts = new KnownHosts(rules);
  const router = createRouter(deps, SOCKETS.keys());
  return {
    fetch: (request, info) => {
      const refusal = guard(request, hosts, rules);
      if (refusal !== undefined) return refuse(refusal, deps);
      const route = isUpgrade(request) ? SOCKETS.get(getPath(request)) : undefined;
      // Routing a handshake would be a tenth of what a connection costs until it is subscribed.
      if (route === undefined) return router.fetch(request, info);
      const failed = (error: unknown) => refuse(failure(request, error, deps), deps);
      try {
        const answer = acceptSocket(request, info, deps, route);
        return answer instanceof Promise ? answer.catch(failed) : answer;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/** Foreign hosts are misdirected, foreign pages are forbidden; before anything else is looked at. */
function guard(request: Request, hosts: KnownHosts, rules: OriginRules): Refusal | undefined {
  if (!hosts.has(request.url)) {
    const message = "this host name is not served here; add it to server.publicHosts";
    return { code: "MISDIRECTED_REQUEST", message };
  }
  if (!isAllowedOrigin(request, rules)) {
    const message = "this page may not use the gateway; add its origin to security.allowedOrigins";
    return { code: "ORIGIN_NOT_ALLOWED", message };
  }
  return undefined;
}
