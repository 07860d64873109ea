/**
 * Every connection whose socket is not gone, with the indexes that look-ups and limits need.
 *
 * A seat is taken from the handshake until the socket is gone, or until the peer has held it too long
 * after the end: a peer that ignores the closing handshake keeps memory and a descriptor. What a
 * connection is at a moment is answered by its state; the indexes follow its transitions.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";
import type { ConnectionSnapshot, Step } from "../connection/logic.ts";
import type { LifecycleState, LifecycleTag } from "../connection/machine.ts";
import type { Peer } from "../connection/peer.ts";
import { addressGroup } from "../observability/address_group.ts";

/** Connections by what they are looked up by. */
export class Registry {
  readonly #connections = new Map<string, Connection>();
  readonly #byIdentity = new Map<string, Connection>();
  readonly #byPrincipal = new Map<string, Set<Connection>>();
  readonly #seatsByAddress = new Map<string, number>();
  #seats = 0;

  /** Connections whose socket is not gone, handshakes included, in the order of their handshakes. */
  get all(): Iterable<Connection> {
    return this.#connections.values();
  }

  /** How many there are. */
  get size(): number {
    return this.#connections.size;
  }

  /** Seats taken. */
  get seats(): number {
    return this.#seats;
  }

  /** Seats taken from one address; IPv6 counts by its /64. */
  seatsOfAddress(address: string): number {
    return this.#seatsByAddress.get(addressGroup(address)) ?? 0;
  }

  /** Seats taken by one key. */
  seatsOfPrincipal(principal: string): number {
    return this.#byPrincipal.get(principal)?.size ?? 0;
  }

  /** The connection with a `connectionId`. */
  get(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  /** Connections whose state has a tag, in the order of their handshakes. */
  *having(tag: LifecycleTag): Generator<Connection> {
    for (const connection of this.all) {
      if (connection.is(tag)) yield connection;
    }
  }

  /** The live connections of a principal. */
  ofPrincipal(principal: string): readonly Connection[] {
    return [...this.#byPrincipal.get(principal) ?? []].filter((connection) =>
      connection.is("live")
    );
  }

  /** How many connections are in each state; states without one are absent. */
  countStates(): ReadonlyMap<LifecycleState, number> {
    const counts = new Map<LifecycleState, number>();
    for (const { state } of this.all) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  /** Adds a handshake, which takes a seat. */
  add(connection: Connection): void {
    const { principal, address } = connection.peer;
    this.#connections.set(connection.id, connection);
    const others = this.#byPrincipal.get(principal.name);
    if (others === undefined) this.#byPrincipal.set(principal.name, new Set([connection]));
    else others.add(connection);
    this.#seatsByAddress.set(addressGroup(address), this.seatsOfAddress(address) + 1);
    this.#seats += 1;
  }

  /**
   * Makes an open connection the holder of its identity (principal and `clientId`).
   *
   * @returns The connection that held it before. Anonymous connections hold none.
   */
  claim(connection: Connection): Connection | undefined {
    const identity = identityOf(connection.peer);
    if (identity === undefined) return undefined;
    const previous = this.#byIdentity.get(identity);
    this.#byIdentity.set(identity, connection);
    return previous;
  }

  /** Follows a transition of a connection: it may give up its identity, its seat and its place. */
  follow(connection: Connection, { from, to }: Pick<Step, "from" | "to">): void {
    if (loses("live", from, to)) this.#releaseIdentity(connection);
    if (loses("seated", from, to)) this.#releaseSeat(connection);
    if (to.status === "done") this.#connections.delete(connection.id);
  }

  /** Removes a connection whose actor was given up by XState and follows no transition any more. */
  discard(connection: Connection): void {
    const { tags } = connection.actor.getSnapshot();
    if (tags.has("live")) this.#releaseIdentity(connection);
    if (tags.has("seated")) this.#releaseSeat(connection);
    this.#connections.delete(connection.id);
  }

  #releaseIdentity(connection: Connection): void {
    const identity = identityOf(connection.peer);
    if (identity !== undefined && this.#byIdentity.get(identity) === connection) {
      this.#byIdentity.delete(identity);
    }
  }

  #releaseSeat(connection: Connection): void {
    const { principal, address } = connection.peer;
    const others = this.#byPrincipal.get(principal.name)!;
    others.delete(connection);
    if (others.size === 0) this.#byPrincipal.delete(principal.name);
    const left = this.seatsOfAddress(address) - 1;
    if (left === 0) this.#seatsByAddress.delete(addressGroup(address));
    else this.#seatsByAddress.set(addressGroup(address), left);
    this.#seats -= 1;
  }
}

function loses(tag: LifecycleTag, from: ConnectionSnapshot, to: ConnectionSnapshot): boolean {
  return from.tags.has(tag) && !to.tags.has(tag);
}

function identityOf({ principal, clientId }: Peer): string | undefined {
  if (!principal.authenticated || clientId === undefined) return undefined;
  return `${principal.name}\0${clientId}`;
}
