/**
 * Which handshakes are admitted, and when: limits, bans, and the pacing of clients that reconnect
 * without a delay.
 *
 * @module
 */
import type { ErrorCode } from "../../protocol/api.ts";
import type { BanSubject } from "../../protocol/rest/bans.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { Peer } from "../connection/peer.ts";
import type { LimitHits, LimitOption } from "../limits/limit_hits.ts";
import { Rates } from "../limits/rates.ts";
import { addressGroup } from "../observability/address_group.ts";
import type { HubStatus } from "../operations.ts";
import type { Clock } from "../ports.ts";
import { Bans } from "./bans.ts";
import type { Registry } from "./registry.ts";

/** A return so soon after the gateway closed the same client is held, in ms. */
export const RETURN_WINDOW_MILLIS = 5_000;

/** The first hold, in ms; each further one in a row is as much longer. */
export const HOLD_STEP_MILLIS = 1_000;

/** The longest hold, in ms. */
export const MAX_HOLD_MILLIS = 5_000;

/** Most closings remembered; beyond it the oldest is forgotten. */
export const MAX_REMEMBERED = 10_000;

/** What a banned client is told. */
const BANNED: Readonly<Record<BanSubject, string>> = {
  peer: "this client was disconnected by an administrator",
  client: "this client was disconnected by an administrator",
  key: "an administrator has banned the clients of this key for a while",
  address: "an administrator has banned this address for a while",
};

interface Closing {
  readonly at: number;
  /** Closings in a row, each soon after the one before. */
  readonly streak: number;
}

/** How many seats there are, and how fast they are given. */
export interface AdmissionLimits {
  /** Most seats in all. */
  readonly maxConnections: number;
  /** Most seats for one address. */
  readonly maxConnectionsPerAddress: number;
  /** Most seats for one key. */
  readonly maxConnectionsPerKey: number;
  /** Most handshakes a second; 0 is unlimited. */
  readonly handshakesPerSecond: number;
  /** Most handshakes a second from one address; 0 is unlimited. */
  readonly handshakesPerSecondPerAddress: number;
  /** Counts what is refused by a limit. */
  readonly limitHits: LimitHits;
}

/** Why a handshake is refused. */
export interface AdmissionRefusal {
  /** The code of the error envelope. */
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
  /** When to come back, in whole seconds. */
  readonly retryAfterSeconds: number;
}

/** Remembers bans, and recent closings by client. */
export class Admission {
  readonly #clock: Clock;
  readonly #limits: AdmissionLimits;
  /** Who is refused for a while. */
  readonly bans: Bans;
  readonly #closings = new BoundedMap<string, Closing>({ maxEntries: MAX_REMEMBERED });

  readonly #rate: Rates;
  readonly #rateByAddress: Rates;

  /** Starts without bans and closings. */
  constructor(clock: Clock, limits: AdmissionLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.bans = new Bans(clock);
    this.#rate = new Rates(clock, limits.handshakesPerSecond);
    this.#rateByAddress = new Rates(clock, limits.handshakesPerSecondPerAddress);
  }

  /**
   * Checks a handshake before anything is built for it.
   *
   * @returns Why it is refused; `undefined` when it is admitted.
   */
  check(
    peer: Peer,
    status: HubStatus,
    taken: Pick<Registry, "seats" | "seatsOfAddress" | "seatsOfPrincipal">,
  ): AdmissionRefusal | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerKey } = this.#limits;
    if (status !== "running") {
      return refuse("DRAINING", "the gateway is shutting down; reconnect shortly", 5);
    }
    const ban = this.bans.find(peer);
    if (ban !== undefined) {
      return refuse("BANNED", BANNED[ban.by], Math.ceil(ban.leftMillis / 1_000));
    }
    if (taken.seats >= maxConnections) {
      const message = "the gateway has all the connections that it can serve";
      return this.#refuse("OVERLOADED", message, "server.maxConnections", 10);
    }
    if (taken.seatsOfAddress(peer.address) >= maxConnectionsPerAddress) {
      const message = "too many connections from this address";
      const option = "server.maxConnectionsPerAddress";
      return this.#refuse("TOO_MANY_CONNECTIONS", message, option, 10);
    }
    if (taken.seatsOfPrincipal(peer.principal.name) >= maxConnectionsPerKey) {
      const message = "too many connections with this key";
      const option = "server.maxConnectionsPerKey";
      return this.#refuse("TOO_MANY_CONNECTIONS", message, option, 10);
    }
    return this.#checkRates(peer.address);
  }

  /** Counts a handshake that nothing else speaks against. */
  #checkRates(address: string): AdmissionRefusal | undefined {
    if (!this.#rateByAddress.take(addressGroup(address))) {
      const message = "too many handshakes a second from this address";
      return this.#refuse("RATE_LIMITED", message, "server.handshakesPerSecondPerAddress", 1);
    }
    if (!this.#rate.take("")) {
      const message = "too many handshakes a second";
      return this.#refuse("RATE_LIMITED", message, "server.handshakesPerSecond", 1);
    }
    return undefined;
  }

  #refuse(
    code: ErrorCode,
    message: string,
    option: LimitOption,
    retryAfterSeconds: number,
  ): AdmissionRefusal {
    this.#limits.limitHits.record(option);
    return refuse(code, `${message} (${option})`, retryAfterSeconds);
  }

  /** The gateway closed a client. */
  recordClosing(peer: Peer): void {
    const key = clientKey(peer);
    const now = this.#clock.now();
    const last = this.#closings.get(key);
    const inRow = last !== undefined && now - last.at <= RETURN_WINDOW_MILLIS + MAX_HOLD_MILLIS;
    this.#closings.set(key, { at: now, streak: inRow ? last.streak + 1 : 1 });
  }

  /**
   * For how long a handshake is held before it is accepted, in ms.
   *
   * Deployed clients reconnect at once when a connection ends and give up when they are refused a
   * few times, so they are slowed down and not refused.
   */
  holdFor(peer: Peer): number {
    if (this.#closings.size === 0) return 0;
    const last = this.#closings.get(clientKey(peer));
    if (last === undefined || this.#clock.now() - last.at > RETURN_WINDOW_MILLIS) return 0;
    return Math.min(MAX_HOLD_MILLIS, HOLD_STEP_MILLIS * last.streak);
  }
}

function refuse(code: ErrorCode, message: string, retryAfterSeconds: number): AdmissionRefusal {
  return { code, message, retryAfterSeconds };
}

/** The same client: same key, same address, same `clientId` (or none). */
function clientKey({ principal, address, clientId }: Peer): string {
  return `${principal.name}\0${address}\0${clientId ?? ""}`;
}
