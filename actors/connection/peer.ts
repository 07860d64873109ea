/**
 * The other end of a connection.
 *
 * @module
 */
import type { ProtocolName } from "../../protocol/api.ts";
import type { Principal } from "../ports.ts";

/** What the handshake found out about a client. */
export interface Peer {
  /** The key behind it, or the anonymous principal. */
  readonly principal: Principal;
  /** Its address, as the listener saw it. */
  readonly address: string;
  /** The `clientId` it gave; absent when it gave none. */
  readonly clientId?: string;
  /** Its protocol. */
  readonly protocol: ProtocolName;
}
