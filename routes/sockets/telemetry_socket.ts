/**
 * `GET /ws/telemetry`: the handshake of telemetry clients.
 *
 * @module
 */
import type { SocketQuery } from "../../actors/connection/session.ts";
import { MAX_CHANNEL_NAMES } from "../../protocol/client_action.ts";
import type { SocketRoute } from "./handshake.ts";

/** The scope and the protocols of telemetry clients. */
export const TELEMETRY_SOCKET: SocketRoute = {
  scope: "subscribe",
  protocols: ["telemetry.v2", "telemetry.v1"],
  unnamed: "telemetry.v1",
  readQuery,
};

/** Reads `?channels=&replay=`; returns a message when it is not valid. */
function readQuery(parameter: (name: string) => string | undefined): SocketQuery | string {
  const channels = (parameter("channels") ?? "").split(",").filter((name) => name.trim() !== "");
  if (channels.length > MAX_CHANNEL_NAMES) return `channels: at most ${MAX_CHANNEL_NAMES} names`;
  const replay = /^(true|1)$/i.test(parameter("replay") ?? "");
  return { channels, replay };
}
