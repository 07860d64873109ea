/**
 * Every connection there is, and the seats they take.
 *
 * A seat is taken from the handshake until the socket is really gone: a peer that ignores the
 * closing handshake keeps memory and a descriptor, so it goes on counting.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";

/** Connections by what they are looked up by. */
export class Registry {
  readonly #live = new Map<string, Connection>();
  readonly #lingering = new Set<Connection>();
  readonly #byIdentity = new Map<string, Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #byPrincipal = new Map<string, number>();

  /** Connections whose actor is running, by id. */
  get live(): ReadonlyMap<string, Connection> {
    return this.#live;
  }

  /** Connections that ended while the peer still holds the socket. */
  get lingering(): number {
    return this.#lingering.size;
  }

  /** Seats taken: live and lingering. */
  get seats(): number {
    return this.#live.size + this.#lingering.size;
  }

  /** Seats taken from one address. */
  seatsOfAddress(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  /** Seats taken by one key. */
  seatsOfPrincipal(principal: string): number {
    return this.#byPrincipal.get(principal) ?? 0;
  }

  /** Takes a seat for a handshake. */
  add(connection: Connection): void {
    this.#live.set(connection.id, connection);
    adjust(this.#byAddress, connection.peer.address, 1);
    adjust(this.#byPrincipal, connection.peer.principal.name, 1);
  }

  /**
   * Makes an open connection the holder of its identity (principal and `clientId`).
   *
   * @returns The connection that held it before. Anonymous connections hold none.
   */
  claim(connection: Connection): Connection | undefined {
    const identity = identityOf(connection);
    if (identity === undefined) return undefined;
    const previous = this.#byIdentity.get(identity);
    this.#byIdentity.set(identity, connection);
    return previous;
  }

  /** Notes that the actor of a connection ended; its seat is free once its socket is gone. */
  leave(connection: Connection): void {
    if (!this.#live.delete(connection.id)) return;
    const identity = identityOf(connection);
    if (identity !== undefined && this.#byIdentity.get(identity) === connection) {
      this.#byIdentity.delete(identity);
    }
    if (connection.subscriber === undefined || connection.socketGone) this.#free(connection);
    else this.#lingering.add(connection);
  }

  /** Takes a seat again for an ended connection whose socket opened all the same. */
  linger(connection: Connection): void {
    this.#lingering.add(connection);
    adjust(this.#byAddress, connection.peer.address, 1);
    adjust(this.#byPrincipal, connection.peer.principal.name, 1);
  }

  /** Notes that the socket of an ended connection is gone. Idempotent. */
  release(connection: Connection): void {
    if (this.#lingering.delete(connection)) this.#free(connection);
  }

  #free({ peer }: Connection): void {
    adjust(this.#byAddress, peer.address, -1);
    adjust(this.#byPrincipal, peer.principal.name, -1);
  }
}

function identityOf({ peer }: Connection): string | undefined {
  if (!peer.principal.authenticated || peer.clientId === undefined) return undefined;
  return `${peer.principal.name}\0${peer.clientId}`;
}

function adjust(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
