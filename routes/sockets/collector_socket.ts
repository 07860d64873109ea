/**
 * `GET /ws/collector`: the handshake of publishers.
 *
 * @module
 */
import { COLLECTOR_PROTOCOL } from "../../protocol/collector/message.ts";
import type { SocketRoute } from "./handshake.ts";

/** The scope and the protocol of publishers. */
export const COLLECTOR_SOCKET: SocketRoute = {
  scope: "publish",
  protocols: [COLLECTOR_PROTOCOL],
  unnamed: COLLECTOR_PROTOCOL,
  readQuery: () => ({ channels: [], replay: false }),
};
