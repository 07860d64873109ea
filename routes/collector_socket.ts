/**
 * `GET /ws/collector`: the handshake of publishers.
 *
 * @module
 */
import { COLLECTOR_PROTOCOL } from "../protocol/collector_message.ts";
import type { AppContext, AppDeps } from "./context.ts";
import { acceptSocket, type SocketRoute } from "./socket_handshake.ts";

const ROUTE: SocketRoute = {
  scope: "publish",
  protocols: [COLLECTOR_PROTOCOL],
  unnamed: COLLECTOR_PROTOCOL,
  readQuery: () => ({ channels: [], replay: false }),
};

/** Answers a handshake: with an upgrade, or with the reason why there is none. */
export function collectorSocket(c: AppContext, deps: AppDeps): Promise<Response> {
  return acceptSocket(c, deps, ROUTE);
}
