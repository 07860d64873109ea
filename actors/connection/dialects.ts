/**
 * The dialects that clients and publishers speak, each one object.
 *
 * @module
 */
import type { ProtocolName } from "../../protocol/api.ts";
import { encodeCollector } from "../../protocol/collector/message.ts";
import { heartbeat, notice } from "../../protocol/v1/server_message.ts";
import { encodeV2 } from "../../protocol/v2/server_message.ts";
import { openCursorV1 } from "../stream/cursor_v1.ts";
import { openCursorV2 } from "../stream/cursor_v2.ts";
import type { Dialect } from "./dialect.ts";
import { SessionCollector } from "./session_collector.ts";
import { SessionV1 } from "./session_v1.ts";
import { SessionV2 } from "./session_v2.ts";

/** One JSON frame an event; deployed clients reconnect without a delay. */
const DIALECT_V1: Dialect = {
  protocol: "telemetry.v1",
  scope: "subscribe",
  session: (host, deps) => new SessionV1(host, deps),
  openCursor: openCursorV1,
  heartbeat: (epochMillis) => heartbeat("server", epochMillis),
  notice,
  hearsHints: false,
};

/** Frames that account for every number of their range. */
const DIALECT_V2: Dialect = {
  protocol: "telemetry.v2",
  scope: "subscribe",
  session: (host, deps) => new SessionV2(host, deps),
  openCursor: openCursorV2,
  heartbeat: (timestamp) => encodeV2({ type: "heartbeat", direction: "server", timestamp }),
  // A status says the same.
  notice: undefined,
  hearsHints: true,
};

/** Batches in, acks out. */
const DIALECT_COLLECTOR: Dialect = {
  protocol: "telemetry.collector",
  scope: "publish",
  session: (host, deps) => new SessionCollector(host, deps),
  // Publishers subscribe to nothing.
  openCursor: undefined,
  heartbeat: (timestamp) => encodeCollector({ type: "heartbeat", direction: "server", timestamp }),
  notice: undefined,
  hearsHints: true,
};

const DIALECTS: Readonly<Record<ProtocolName, Dialect>> = {
  "telemetry.v1": DIALECT_V1,
  "telemetry.v2": DIALECT_V2,
  "telemetry.collector": DIALECT_COLLECTOR,
};

/** The dialect of a negotiated protocol. */
export function dialectOf(protocol: ProtocolName): Dialect {
  return DIALECTS[protocol];
}
