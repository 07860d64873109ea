/**
 * The lifecycle of a simulated trader.
 *
 * @module
 */
import type { TraderStatus } from "../../protocol/events/trader_status.ts";
import type { Random } from "./random.ts";

/** A state of a trader. */
export type TraderState = TraderStatus["status"];

interface Way {
  readonly to: TraderState;
  /** How likely, relative to the other ways out. */
  readonly weight: number;
  /** What the trader says about it. */
  readonly reason: string;
}

interface Stay {
  /** Shortest and longest stay, in ms. */
  readonly stayMs: readonly [min: number, max: number];
  readonly ways: readonly Way[];
}

/** Every state, how long it lasts, and where it may lead. Nothing else is possible. */
export const LIFE: Readonly<Record<TraderState, Stay>> = {
  IDLE: {
    stayMs: [500, 4_000],
    ways: [{ to: "STARTING", weight: 1, reason: "start requested" }],
  },
  STARTING: {
    stayMs: [1_000, 3_000],
    ways: [
      { to: "RUNNING", weight: 19, reason: "connected, warm-up done" },
      { to: "ERROR", weight: 1, reason: "exchange refused the connection" },
    ],
  },
  RUNNING: {
    stayMs: [45_000, 180_000],
    ways: [
      { to: "PAUSED", weight: 5, reason: "volatility above the strategy's range" },
      { to: "STOPPING", weight: 3, reason: "stop requested" },
      { to: "ERROR", weight: 2, reason: "lost the connection to the exchange" },
    ],
  },
  PAUSED: {
    stayMs: [8_000, 30_000],
    ways: [
      { to: "RUNNING", weight: 4, reason: "resumed" },
      { to: "STOPPING", weight: 1, reason: "stop requested while paused" },
    ],
  },
  STOPPING: {
    stayMs: [1_000, 3_000],
    ways: [{ to: "STOPPED", weight: 1, reason: "all positions closed" }],
  },
  STOPPED: {
    stayMs: [10_000, 40_000],
    ways: [{ to: "IDLE", weight: 1, reason: "waiting for the next session" }],
  },
  ERROR: {
    stayMs: [4_000, 15_000],
    ways: [
      { to: "STARTING", weight: 3, reason: "reconnecting" },
      { to: "STOPPING", weight: 1, reason: "gave up reconnecting" },
    ],
  },
};

/** Walks through {@link LIFE} at random times. */
export class Lifecycle {
  readonly #random: Random;
  #state: TraderState = "IDLE";
  #reason = "created";
  #leavesAt: number;

  /**
   * Begins idle.
   *
   * @param at Monotonic ms of its creation.
   */
  constructor(random: Random, at: number) {
    this.#random = random;
    this.#leavesAt = at + random.uniform(...LIFE.IDLE.stayMs);
  }

  /** Where it is now. */
  get state(): TraderState {
    return this.#state;
  }

  /** What led to the state. */
  get reason(): string {
    return this.#reason;
  }

  /** Goes on when the stay is over; at most one state at a time. Says whether it did. */
  step(at: number): boolean {
    if (at < this.#leavesAt) return false;
    const { ways } = LIFE[this.#state];
    let point = this.#random.uniform(0, ways.reduce((sum, way) => sum + way.weight, 0));
    const way = ways.find((candidate) => (point -= candidate.weight) < 0) ?? ways[0]!;
    this.#enter(way.to, way.reason, at);
    return true;
  }

  /** Goes to a state before its time, when the present one may lead there. Says whether it did. */
  force(to: TraderState, reason: string, at: number): boolean {
    if (!LIFE[this.#state].ways.some((way) => way.to === to)) return false;
    this.#enter(to, reason, at);
    return true;
  }

  #enter(state: TraderState, reason: string, at: number): void {
    this.#state = state;
    this.#reason = reason;
    this.#leavesAt = at + this.#random.uniform(...LIFE[state].stayMs);
  }
}
