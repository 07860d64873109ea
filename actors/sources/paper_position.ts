/**
 * One simulated position, from opening to closing.
 *
 * @module
 */
import { type Big, formatAmount, ZERO } from "./money.ts";
import type { Moment, PositionEvent } from "./publish.ts";

/** Why a position was closed. */
export type ExitReason =
  | "TAKE_PROFIT"
  | "STOP_LOSS"
  | "TRAILING_STOP"
  | "SIGNAL"
  | "TRADER_STOPPED";

/** What a position is opened with. */
export interface PositionTerms {
  /** Unique for ever: a closed position's id never comes back. */
  readonly id: string;
  /** Who holds it. */
  readonly traderId: string;
  /** What is held. */
  readonly symbol: string;
  /** Whether it gains with a rising or a falling price. */
  readonly action: "LONG" | "SHORT";
  /** Units held, above 0. */
  readonly quantity: Big;
  /** Price it was opened at. */
  readonly entryPrice: Big;
  /** Price at which a loss is cut; below the entry of a long, above that of a short. */
  readonly stopLossPrice: Big;
  /** Price at which the profit is taken; on the other side of the entry. */
  readonly takeProfitPrice: Big;
  /** Profit per unit from which on the stop follows the price. */
  readonly trailAfter: Big;
  /** Distance at which it follows. */
  readonly trailDistance: Big;
}

/** Holds a position and values it exactly: quantity × (price − entry) × direction. */
export class PaperPosition {
  readonly #terms: PositionTerms;
  readonly #direction: 1 | -1;
  #price: Big;
  #stop: Big;
  #trailing = false;
  #opened = false;
  #exit: ExitReason | undefined;

  /** Opens a position at its entry price. */
  constructor(terms: PositionTerms) {
    this.#terms = terms;
    this.#direction = terms.action === "LONG" ? 1 : -1;
    this.#price = terms.entryPrice;
    this.#stop = terms.stopLossPrice;
  }

  /** The id of its terms. */
  get id(): string {
    return this.#terms.id;
  }

  /** The direction of its terms. */
  get action(): "LONG" | "SHORT" {
    return this.#terms.action;
  }

  /** Profit at the last price, negative when it is a loss; final once closed. */
  get profit(): Big {
    return this.#terms.quantity.times(this.#gain(this.#price));
  }

  /** Value at the last price; 0 once closed. */
  get notional(): Big {
    return this.#exit === undefined ? this.#terms.quantity.times(this.#price) : ZERO;
  }

  /**
   * Values the position at a new price and lets a trailing stop follow; it never moves back.
   *
   * @returns Why it has to be closed at this price, if it has to.
   */
  mark(price: Big): ExitReason | undefined {
    const { takeProfitPrice, trailAfter, trailDistance } = this.#terms;
    this.#price = price;
    if (this.#gain(price).gte(trailAfter)) this.#trailing = true;
    if (this.#trailing) {
      const candidate = price.minus(trailDistance.times(this.#direction));
      if (candidate.minus(this.#stop).times(this.#direction).gt(ZERO)) this.#stop = candidate;
    }
    if (price.minus(takeProfitPrice).times(this.#direction).gte(ZERO)) return "TAKE_PROFIT";
    if (price.minus(this.#stop).times(this.#direction).gt(ZERO)) return undefined;
    return this.#trailing ? "TRAILING_STOP" : "STOP_LOSS";
  }

  /** Ends the position at its last price. */
  close(reason: ExitReason): void {
    this.#exit = reason;
  }

  /** The state as an event: the first says `OPEN`, then `UPDATED`, and `CLOSED` after closing. */
  toEvent(now: Moment): PositionEvent {
    const { id, traderId, symbol, action, quantity, entryPrice, takeProfitPrice } = this.#terms;
    const closed = this.#exit !== undefined;
    const status = closed ? "CLOSED" : this.#opened ? "UPDATED" : "OPEN";
    this.#opened = true;
    return {
      channel: "positions",
      data: {
        id,
        traderId,
        symbol,
        action,
        quantity: quantity.toFixed(),
        entryPrice: entryPrice.toFixed(),
        currentPrice: this.#price.toFixed(),
        unrealizedPnL: formatAmount(closed ? ZERO : this.profit),
        ...(closed ? { realizedPnL: formatAmount(this.profit) } : {}),
        status,
        ...(this.#exit === undefined ? {} : { reason: this.#exit }),
        trailingStopActivated: this.#trailing,
        stopLossPrice: this.#stop.toFixed(),
        takeProfitPrice: takeProfitPrice.toFixed(),
        isActive: !closed,
        updatedAt: now.time,
      },
    };
  }

  #gain(price: Big): Big {
    return price.minus(this.#terms.entryPrice).times(this.#direction);
  }
}
