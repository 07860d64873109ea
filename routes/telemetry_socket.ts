/**
 * `GET /ws/telemetry`: the handshake of telemetry clients.
 *
 * @module
 */
import type { SocketQuery } from "../actors/connection/session.ts";
import { MAX_CHANNEL_NAMES } from "../protocol/client_action.ts";
import type { AppContext, AppDeps } from "./context.ts";
import { acceptSocket, type SocketRoute } from "./socket_handshake.ts";

const ROUTE: SocketRoute = {
  scope: "subscribe",
  protocols: ["telemetry.v2", "telemetry.v1"],
  unnamed: "telemetry.v1",
  readQuery,
};

/** Answers a handshake: with an upgrade, or with the reason why there is none. */
export function telemetrySocket(c: AppContext, deps: AppDeps): Promise<Response> {
  return acceptSocket(c, deps, ROUTE);
}

/** Reads `?channels=&replay=`; a string says what is wrong with it. */
function readQuery(c: AppContext): SocketQuery | string {
  const channels = (c.req.query("channels") ?? "").split(",").filter((name) => name.trim() !== "");
  if (channels.length > MAX_CHANNEL_NAMES) return `channels: at most ${MAX_CHANNEL_NAMES} names`;
  const replay = /^(true|1)$/i.test(c.req.query("replay") ?? "");
  return { channels, replay };
}
