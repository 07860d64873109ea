/**
 * One simulated trader: its lifecycle, its positions and its ledger.
 *
 * @module
 */
import type { Instrument } from "./instruments.ts";
import { Ledger } from "./ledger.ts";
import { Lifecycle, type TraderState } from "./lifecycle.ts";
import { Big, roundTo, ZERO } from "./money.ts";
import { type ExitReason, PaperPosition } from "./paper_position.ts";
import type { Moment, PositionEvent, SourceEvent, TraderStatusEvent } from "./publish.ts";
import type { Random } from "./random.ts";
import { SIMULATED_SOURCE } from "./market.ts";
import { RiskDesk, type RiskLimits, type RiskView } from "./risk_desk.ts";

/** Most positions that a trader holds at once. */
const MAX_POSITIONS = 3;
/** Pause between two signals, in ms. */
const SIGNAL_MILLIS = [3_000, 12_000] as const;
/** Pause before the first signal after a start, in ms. */
const FIRST_SIGNAL_MILLIS = [1_000, 4_000] as const;
/** How likely a signal closes a position, when there is one. */
const CLOSE_SHARE = 0.3;
/** Pause between two updates of a position, in ms. */
const UPDATE_MILLIS = [800, 1_200] as const;
/** Pause between two reports of the trader's status without a change, in ms. */
const STATUS_MILLIS = [4_500, 5_500] as const;
/** Pause between two reviews by the risk desk, in ms. */
const REVIEW_MILLIS = 1_000;
/** Size of a position, and of the distances of its stop and its target, as a fraction of price. */
const NOTIONAL = [0.15, 0.5] as const;
const STOP_DISTANCE = [0.000_9, 0.002] as const;
const TARGET_DISTANCE = [0.001_2, 0.003] as const;
/** From this share of the way to the target on the stop trails. */
const TRAIL_AFTER = 0.5;

/** Who a trader is. */
export interface TraderProfile {
  /** Id of the trader. */
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** What it claims to follow. */
  readonly strategy: string;
  /** The one symbol that it trades. */
  readonly instrument: Instrument;
  /** What it may risk. */
  readonly limits: RiskLimits;
}

interface Holding {
  readonly position: PaperPosition;
  nextUpdateAt: number;
}

/** Trades one symbol at quoted prices; every amount is exact. */
export class Trader {
  readonly #profile: TraderProfile;
  readonly #random: Random;
  readonly #life: Lifecycle;
  readonly #desk: RiskDesk;
  readonly #newPositionId: () => string;
  #ledger: Ledger;
  #holdings: Holding[] = [];
  #stopLoss: RiskView["stopLoss"];
  #mayOpen = true;
  #nextSignalAt = Infinity;
  #nextReviewAt: number;
  #nextStatusAt: number;

  /**
   * A trader that is idle and will soon start.
   *
   * @param newPositionId Makes ids that never repeat.
   * @param now The time of its creation.
   */
  constructor(profile: TraderProfile, random: Random, newPositionId: () => string, now: Moment) {
    this.#profile = profile;
    this.#random = random;
    this.#newPositionId = newPositionId;
    this.#life = new Lifecycle(random, now.at);
    this.#desk = new RiskDesk(profile.limits);
    this.#ledger = new Ledger(now);
    this.#nextReviewAt = now.at + random.uniform(0, REVIEW_MILLIS);
    this.#nextStatusAt = now.at;
  }

  /** The symbol that it trades. */
  get symbol(): string {
    return this.#profile.instrument.symbol;
  }

  /** The state of its lifecycle. */
  get state(): TraderState {
    return this.#life.state;
  }

  /** Lives on until `now`. Its events are in the order in which things happened. */
  step(now: Moment, quote: Big): SourceEvent[] {
    const events: SourceEvent[] = this.#mark(now, quote);
    const from = this.state;
    if (this.#life.step(now.at)) events.push(...this.#arrive(from, now));
    if (this.state === "RUNNING" && now.at >= this.#nextSignalAt) {
      this.#nextSignalAt = now.at + this.#random.uniform(...SIGNAL_MILLIS);
      events.push(...this.#signal(now, quote));
    }
    if (now.at >= this.#nextReviewAt) events.push(...this.#review(now));
    if (now.at >= this.#nextStatusAt) events.push(this.#status(now));
    return events;
  }

  /** Closes everything and says a last word, whatever the state. Nothing may be asked after it. */
  leave(now: Moment): SourceEvent[] {
    const last = this.#closeAll("TRADER_STOPPED", now);
    const { data } = this.#status(now);
    const farewell = { ...data, status: "STOPPED" as const, reason: "the simulation ended" };
    return [...last, { channel: "trader-status", data: farewell }];
  }

  /** Stops and targets rest at the exchange: they work in every state. */
  #mark(now: Moment, quote: Big): PositionEvent[] {
    const events: PositionEvent[] = [];
    for (const holding of [...this.#holdings]) {
      const exit = holding.position.mark(quote);
      if (exit !== undefined) {
        events.push(this.#close(holding, exit, now));
      } else if (now.at >= holding.nextUpdateAt) {
        holding.nextUpdateAt = now.at + this.#random.uniform(...UPDATE_MILLIS);
        events.push(holding.position.toEvent(now));
      }
    }
    return events;
  }

  /** What follows from a change of state; a change is reported at once. */
  #arrive(from: TraderState, now: Moment): SourceEvent[] {
    this.#nextStatusAt = now.at;
    if (this.state === "RUNNING") {
      this.#nextSignalAt = now.at + this.#random.uniform(...FIRST_SIGNAL_MILLIS);
    }
    if (from === "IDLE") {
      this.#ledger = new Ledger(now);
      this.#mayOpen = true;
    }
    return this.state === "STOPPING" ? this.#closeAll("TRADER_STOPPED", now) : [];
  }

  #signal(now: Moment, quote: Big): PositionEvent[] {
    const confidence = Math.round(this.#random.uniform(0.55, 0.98) * 100) / 100;
    const oldest = this.#holdings[0];
    if (oldest !== undefined && this.#random.chance(CLOSE_SHARE)) {
      this.#ledger.signal({ action: "CLOSE", confidence }, true, now);
      return [this.#close(oldest, "SIGNAL", now)];
    }
    const long = this.#random.chance(0.5);
    if (!this.#mayOpen || this.#holdings.length >= MAX_POSITIONS) return [];
    this.#ledger.signal({ action: long ? "BUY" : "SELL", confidence }, false, now);
    return [this.#open(long ? 1 : -1, now, quote)];
  }

  #open(direction: 1 | -1, now: Moment, quote: Big): PositionEvent {
    const { id, instrument, limits } = this.#profile;
    const unit = new Big(10).pow(-instrument.quantityDecimals);
    const wanted = limits.exposure.times(this.#fraction(NOTIONAL)).div(quote);
    const quantity = roundTo(wanted, instrument.quantityDecimals);
    const offset = (fraction: Big) => {
      const distance = roundTo(quote.times(fraction), instrument.priceDecimals);
      // A price too coarse for the distance must not put the stop on the entry.
      return distance.eq(ZERO) ? new Big(10).pow(-instrument.priceDecimals) : distance;
    };
    const stop = offset(this.#fraction(STOP_DISTANCE));
    const target = offset(this.#fraction(TARGET_DISTANCE));
    const position = new PaperPosition({
      id: this.#newPositionId(),
      traderId: id,
      symbol: instrument.symbol,
      action: direction === 1 ? "LONG" : "SHORT",
      quantity: quantity.gt(ZERO) ? quantity : unit,
      entryPrice: quote,
      stopLossPrice: quote.minus(stop.times(direction)),
      takeProfitPrice: quote.plus(target.times(direction)),
      trailAfter: target.times(TRAIL_AFTER),
      trailDistance: stop,
    });
    const nextUpdateAt = now.at + this.#random.uniform(...UPDATE_MILLIS);
    this.#holdings.push({ position, nextUpdateAt });
    return position.toEvent(now);
  }

  #close(holding: Holding, reason: ExitReason, now: Moment): PositionEvent {
    const { position } = holding;
    this.#holdings = this.#holdings.filter((other) => other !== holding);
    position.close(reason);
    this.#ledger.record(position.profit);
    if (reason === "STOP_LOSS") {
      this.#stopLoss = { at: now.at, positionId: position.id, loss: position.profit.abs() };
    }
    return position.toEvent(now);
  }

  #closeAll(reason: ExitReason, now: Moment): PositionEvent[] {
    return this.#holdings.map((holding) => this.#close(holding, reason, now));
  }

  #review(now: Moment): SourceEvent[] {
    this.#nextReviewAt = now.at + REVIEW_MILLIS;
    const verdict = this.#desk.review({
      traderId: this.#profile.id,
      traderName: this.#profile.name,
      exposure: this.#holdings.reduce((sum, { position }) => sum.plus(position.notional), ZERO),
      net: this.#ledger.net,
      ...(this.#stopLoss === undefined ? {} : { stopLoss: this.#stopLoss }),
    }, now);
    this.#mayOpen = verdict.mayOpen;
    const from = this.state;
    const stops = verdict.mustStop &&
      this.#life.force("STOPPING", "stopped by the risk desk: daily loss", now.at);
    return stops ? [...verdict.alerts, ...this.#arrive(from, now)] : [...verdict.alerts];
  }

  #status(now: Moment): TraderStatusEvent {
    const { id, name, strategy } = this.#profile;
    this.#nextStatusAt = now.at + this.#random.uniform(...STATUS_MILLIS);
    return {
      channel: "trader-status",
      data: {
        id,
        name,
        status: this.state,
        exchange: SIMULATED_SOURCE,
        symbol: this.symbol,
        strategy,
        reason: this.#life.reason,
        metrics: this.#ledger.metrics(now),
        updatedAt: now.time,
      },
    };
  }

  #fraction([min, max]: readonly [number, number]): Big {
    return new Big(this.#random.uniform(min, max).toFixed(6));
  }
}
