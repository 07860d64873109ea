/**
 * What instances of the gateway tell each other that is not an event: who is connected where, who is
 * to be disconnected and refused, which channels a publisher has declared, and that one is to end.
 * Events go through the event log.
 *
 * @module
 */
import type { ClientDetails, ClientInfo, ConnectionState } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Ban, BanSubject } from "../../protocol/rest/bans.ts";

/** Which connections are listed. */
export interface ClientsQuery {
  /** Starts behind this `connectionId`. */
  readonly after?: string | undefined;
  /** Only connections in this state. */
  readonly state?: ConnectionState | undefined;
  /** Only connections that are subscribed to it. */
  readonly channel?: Channel | undefined;
  /** Most connections. */
  readonly limit: number;
}

/** Who is to be disconnected. */
export interface Disconnection {
  /** A `connectionId`, or a `clientId`. */
  readonly id: string;
  /** Why, for the client and the log. */
  readonly reason: string;
  /** Refuses their return for so long; 0 does not. */
  readonly banSeconds: number;
  /** The name of the key that asks for it. */
  readonly principal: string;
  /** What a ban is about. */
  readonly by: BanSubject;
}

/** All instances together, this one included. */
export interface Cluster {
  /** Connections ordered by `connectionId`: see `Operations.clients`. */
  clients(query: ClientsQuery): Promise<readonly ClientInfo[]>;
  /** The connections that an id means: see `Operations.clientsById`. */
  clientsById(id: string): Promise<readonly ClientDetails[]>;
  /**
   * Ends connections wherever they are: see `Operations.disconnect`.
   *
   * @returns How many were ended.
   */
  disconnect(disconnection: Disconnection): Promise<number>;
  /** The bans in force, the oldest first. */
  bans(): Promise<readonly Ban[]>;
  /** Ends a ban everywhere; `undefined` when there is none with this id. */
  liftBan(id: string): Promise<Ban | undefined>;
  /** A publisher of this instance says that it lives, and that these channels are its own. */
  declare(channels: readonly Channel[]): void;
  /** Drains this instance: its clients are told to come back, and the process ends. Idempotent. */
  drain(): void;
}
