/**
 * Tickets: credentials for one use, for those who must not hold a key.
 *
 * @module
 */
import { hash, randomBytes } from "node:crypto";
import type { Clock } from "../ports.ts";
import type { Grant, LimitReached } from "./grant.ts";

/** How long a ticket counts, in ms. */
export const TICKET_MILLIS = 60_000;

/** How long the ticket of a link counts, which is exchanged for a session alone; in ms. */
export const LINK_TICKET_MILLIS = 900_000;

/** Random bytes of a ticket. */
const TICKET_BYTES = 24;

/** What a ticket is for: one connection or request, or the beginning of a session. */
export type TicketKind = "use" | "link";

/** A ticket that was made just now. */
export interface IssuedTicket {
  /** The ticket; it is not kept. */
  readonly ticket: string;
  /** Until when it counts, epoch ms. */
  readonly expiresAt: number;
}

/** How many tickets may wait for their use. */
export interface TicketLimits {
  /** Of one key. */
  readonly perKey: number;
  /** In all. */
  readonly all: number;
}

interface Waiting {
  readonly grant: Grant;
  readonly kind: TicketKind;
  /** Monotonic ms. */
  readonly until: number;
}

/** Tickets that were issued and not used, in memory: they end with the process. */
export class Tickets {
  readonly #clock: Clock;
  readonly #limits: TicketLimits;
  /** By the digest of the ticket. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #ofKey = new Map<string, number>();
  #issued = 0;
  #used = 0;

  /** Begins without tickets. */
  constructor(clock: Clock, limits: TicketLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Tickets that wait for their use; those whose time is over may still count. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Tickets issued since the start. */
  get issued(): number {
    return this.#issued;
  }

  /** Tickets used since the start. */
  get used(): number {
    return this.#used;
  }

  /** Makes a ticket, or says which limit forbids it. */
  issue(grant: Grant, kind: TicketKind = "use"): IssuedTicket | LimitReached {
    const now = this.#clock.now();
    const millis = kind === "link" ? LINK_TICKET_MILLIS : TICKET_MILLIS;
    if (this.#isFull(grant)) this.#forgetExpired(now);
    if ((this.#ofKey.get(grant.name) ?? 0) >= this.#limits.perKey) return "key";
    if (this.#waiting.size >= this.#limits.all) return "all";
    const ticket = randomBytes(TICKET_BYTES).toString("base64url");
    this.#waiting.set(digestOf(ticket), { grant, kind, until: now + millis });
    this.#ofKey.set(grant.name, (this.#ofKey.get(grant.name) ?? 0) + 1);
    this.#issued += 1;
    return { ticket, expiresAt: this.#clock.epochMillis() + millis };
  }

  /**
   * Uses a ticket, which counts no more afterwards.
   *
   * @param kinds What it may have been made for. One of another kind is left as it is.
   * @returns Whose rights it carries; `undefined` when it does not count.
   */
  use(ticket: string, kinds: readonly TicketKind[]): Grant | undefined {
    const digest = digestOf(ticket);
    const found = this.#waiting.get(digest);
    if (found === undefined || !kinds.includes(found.kind)) return undefined;
    this.#forget(digest, found);
    if (found.until <= this.#clock.now()) return undefined;
    this.#used += 1;
    return found.grant;
  }

  #isFull({ name }: Grant): boolean {
    return this.#waiting.size >= this.#limits.all ||
      (this.#ofKey.get(name) ?? 0) >= this.#limits.perKey;
  }

  #forgetExpired(now: number): void {
    for (const [digest, waiting] of this.#waiting) {
      if (waiting.until <= now) this.#forget(digest, waiting);
    }
  }

  #forget(digest: string, { grant: { name } }: Waiting): void {
    this.#waiting.delete(digest);
    const left = this.#ofKey.get(name)! - 1;
    if (left === 0) this.#ofKey.delete(name);
    else this.#ofKey.set(name, left);
  }
}

function digestOf(ticket: string): string {
  return hash("sha256", ticket, "base64url");
}
