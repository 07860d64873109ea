/**
 * What makes one dialect different from another, outside its session.
 *
 * @module
 */
import type { ProtocolName } from "../../protocol/api.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { OpenCursor } from "../stream/cursor.ts";
import type { Session, SessionHost } from "./session.ts";
import type { SessionDeps } from "./session_deps.ts";

/** A dialect. */
export interface Dialect {
  /** The subprotocol that negotiates it. */
  readonly protocol: ProtocolName;
  /** The scope that a key needs for it. */
  readonly scope: Scope;
  /** Starts the session of a connection. */
  readonly session: (host: SessionHost, deps: SessionDeps) => Session;
  /** Opens the cursor of a channel; absent where nothing is subscribed. */
  readonly openCursor: OpenCursor | undefined;
  /** The gateway's heartbeat: one frame for everybody who is due at the time (epoch ms). */
  readonly heartbeat: (epochMillis: number) => string;
  /**
   * A warning without a number; absent where a status says the same.
   *
   * @param epoch The epoch of system-warnings.
   */
  readonly notice:
    | ((warning: SystemWarning, epoch: string, epochMillis: number) => string)
    | undefined;
  /** Whether clients obey a hint of when to reconnect, so that they can be closed in waves. */
  readonly hearsHints: boolean;
}
