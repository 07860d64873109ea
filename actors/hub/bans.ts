/**
 * Who is refused for a while because an administrator said so. They end with the process: what must
 * outlast it is the key, which can be revoked, or the firewall.
 *
 * @module
 */
import type { Ban, BanSubject } from "../../protocol/rest/bans.ts";
import { BAN_SUBJECTS } from "../../protocol/rest/bans.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { Peer } from "../connection/peer.ts";
import { addressGroup } from "../observability/address_group.ts";
import type { Clock } from "../ports.ts";

/** Most bans; beyond it the oldest is forgotten. */
export const MAX_BANS = 10_000;

/** What a ban is set with. */
export interface BanRequest {
  /** What it is about. */
  readonly by: BanSubject;
  /** How long it lasts, in seconds. */
  readonly seconds: number;
  /** The name of the administrator's key. */
  readonly setBy: string;
  /** Why. */
  readonly reason: string;
}

/** A ban without its times, which depend on when they are asked for. */
interface Entry {
  readonly ban: Omit<Ban, "expiresAtEpochMillis">;
  /** Monotonic ms. */
  readonly endsAt: number;
}

/** Bans by their subject. */
export class Bans {
  readonly #clock: Clock;
  readonly #entries = new BoundedMap<string, Entry>({ maxEntries: MAX_BANS });

  /** Starts with none. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Refuses a peer, in place of an earlier ban of the same subject. */
  set(peer: Peer, { by, seconds, setBy, reason }: BanRequest): Ban {
    const { clientId } = peer;
    const { name: principal } = peer.principal;
    const address = addressGroup(peer.address);
    const entry: Entry = {
      ban: {
        id: crypto.randomUUID().slice(0, 8),
        by,
        ...(by !== "address" && { principal }),
        ...((by === "peer" || by === "client") && clientId !== undefined && { clientId }),
        ...((by === "peer" || by === "address") && { address }),
        setBy,
        reason,
        setAtEpochMillis: this.#clock.epochMillis(),
      },
      endsAt: this.#clock.now() + seconds * 1_000,
    };
    this.#entries.set(subjectOf(peer, by), entry);
    return this.#describe(entry);
  }

  /** The longest ban that covers a peer, and how long it still lasts, in ms. */
  find(peer: Peer): { readonly by: BanSubject; readonly leftMillis: number } | undefined {
    if (this.#entries.size === 0) return undefined;
    let found: { readonly by: BanSubject; readonly leftMillis: number } | undefined;
    for (const by of BAN_SUBJECTS) {
      const subject = subjectOf(peer, by);
      const entry = this.#entries.get(subject);
      if (entry === undefined) continue;
      const leftMillis = entry.endsAt - this.#clock.now();
      if (leftMillis <= 0) this.#entries.delete(subject);
      else if (leftMillis > (found?.leftMillis ?? 0)) found = { by, leftMillis };
    }
    return found;
  }

  /** The bans in force, the oldest first. */
  list(): readonly Ban[] {
    for (const [subject, { endsAt }] of this.#entries) {
      if (endsAt <= this.#clock.now()) this.#entries.delete(subject);
    }
    return [...this.#entries.values()].map((entry) => this.#describe(entry));
  }

  /** Ends a ban; returns it, or `undefined` when there is none with this id. */
  lift(id: string): Ban | undefined {
    for (const [subject, entry] of this.#entries) {
      if (entry.ban.id !== id) continue;
      this.#entries.delete(subject);
      return entry.endsAt > this.#clock.now() ? this.#describe(entry) : undefined;
    }
    return undefined;
  }

  #describe({ ban, endsAt }: Entry): Ban {
    const leftMillis = Math.max(0, endsAt - this.#clock.now());
    return { ...ban, expiresAtEpochMillis: this.#clock.epochMillis() + leftMillis };
  }
}

/** What must be the same for a ban to apply. */
function subjectOf({ principal: { name }, address, clientId = "" }: Peer, by: BanSubject): string {
  switch (by) {
    case "peer":
      return `peer\0${name}\0${addressGroup(address)}\0${clientId}`;
    case "client":
      return `client\0${name}\0${clientId}`;
    case "key":
      return `key\0${name}`;
    case "address":
      return `address\0${addressGroup(address)}`;
  }
}
