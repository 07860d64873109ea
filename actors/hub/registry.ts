/**
 * Every connection there is, and the seats they take.
 *
 * A seat is taken from the handshake until the socket is really gone: a peer that ignores the
 * closing handshake keeps memory and a descriptor, so it goes on counting. But not for ever, as a
 * socket cannot be ended from here: after {@link LINGER_MILLIS} others may have the seat.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";

/** How long a peer that holds its socket after the end keeps its seat, in ms. */
export const LINGER_MILLIS = 60_000;

/** Connections by what they are looked up by. */
export class Registry {
  readonly #live = new Map<string, Connection>();
  /** Ended connections that have a seat, and since when, monotonic ms; the oldest first. */
  readonly #lingering = new Map<Connection, number>();
  /** Ended connections whose peers have held their sockets for longer than they have seats. */
  readonly #unseated = new Set<Connection>();
  readonly #byIdentity = new Map<string, Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #byPrincipal = new Map<string, number>();

  /** Connections whose actor is running, by id. */
  get live(): ReadonlyMap<string, Connection> {
    return this.#live;
  }

  /** Connections that ended while the peer still holds the socket. */
  get lingering(): number {
    return this.#lingering.size + this.#unseated.size;
  }

  /** Seats taken: live, and lingering for less than {@link LINGER_MILLIS}. */
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

  /**
   * Notes that the actor of a connection ended; its seat is free once its socket is gone.
   *
   * @param now Monotonic time in ms.
   */
  leave(connection: Connection, now: number): void {
    if (!this.#live.delete(connection.id)) return;
    const identity = identityOf(connection);
    if (identity !== undefined && this.#byIdentity.get(identity) === connection) {
      this.#byIdentity.delete(identity);
    }
    if (connection.subscriber === undefined || connection.socketGone) this.#free(connection);
    else this.#lingering.set(connection, now);
  }

  /**
   * Takes a seat again for an ended connection whose socket opened all the same.
   *
   * @param now Monotonic time in ms.
   */
  linger(connection: Connection, now: number): void {
    this.#lingering.set(connection, now);
    adjust(this.#byAddress, connection.peer.address, 1);
    adjust(this.#byPrincipal, connection.peer.principal.name, 1);
  }

  /** Notes that the socket of an ended connection is gone. Idempotent. */
  release(connection: Connection): void {
    if (this.#lingering.delete(connection)) this.#free(connection);
    else this.#unseated.delete(connection);
  }

  /** Gives back the seats of sockets that were held for {@link LINGER_MILLIS}. */
  expire(now: number): void {
    for (const [connection, since] of this.#lingering) {
      if (now - since < LINGER_MILLIS) return;
      this.#lingering.delete(connection);
      this.#unseated.add(connection);
      this.#free(connection);
    }
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
