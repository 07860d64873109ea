/**
 * What stands between a connection and the hub.
 *
 * @module
 */
import type { AnyActorRef } from "xstate";
import type { Connection } from "./actor.ts";
import type { Step } from "./logic.ts";
import type { Cause } from "./machine.ts";
import type { Peer } from "./peer.ts";

/** What a connection reports to the hub; nothing of it throws. */
export interface ConnectionSupervisor {
  /** The actor that connections name as their parent, and whose actor system they share. */
  readonly parent: AnyActorRef;
  /** The state of a connection changed. */
  moved(connection: Connection, step: Step): void;
  /** A live connection ended, and left the data plane. */
  ended(connection: Connection, cause: Cause): void;
  /** A live connection failed; it ends next. */
  failed(connection: Connection, error: unknown): void;
}

/** Who connects, and how long the handshake is held. */
export interface Handshake {
  /** Unique per connection. */
  readonly id: string;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** How long it is held before the upgrade, in ms. */
  readonly holdMillis: number;
}
