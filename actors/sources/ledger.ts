/**
 * The ledger of one trader's session, from which its metrics are computed.
 *
 * @module
 */
import type { SignalAction, TraderStatus } from "../../protocol/events/trader_status.ts";
import { formatIsoDuration } from "../../protocol/iso_duration.ts";
import { type Big, formatAmount, roundTo, ZERO } from "./money.ts";
import type { Moment } from "./publish.ts";

/** Decimals of averages, which rarely divide evenly; every other amount is exact. */
const AVERAGE_DECIMALS = 8;

/** What a trader acted on. */
export interface Signal {
  /** What was to be done; `CLOSE` ends a position of either direction. */
  readonly action: SignalAction;
  /** 0 to 1. */
  readonly confidence: number;
}

/**
 * Counts trades and sums money exactly. At any time `totalTrades` = `winningTrades` +
 * `losingTrades`, and `netProfit` = `totalProfit` − `totalLoss`, `totalLoss` being positive. A trade
 * that ends at its entry price counts as lost.
 */
export class Ledger {
  readonly #openedAt: Moment;
  #wins = 0;
  #losses = 0;
  #profit = ZERO;
  #loss = ZERO;
  #peak = ZERO;
  #drawdown = ZERO;
  #squares = 0;
  #signals = 0;
  #closeSignals = 0;
  #lastSignal: (Signal & { readonly time: string }) | undefined;

  /** Opens the books with nothing in them. */
  constructor(openedAt: Moment) {
    this.#openedAt = openedAt;
  }

  /** Profit less loss. */
  get net(): Big {
    return this.#profit.minus(this.#loss);
  }

  /** Books a closed trade. */
  record(realized: Big): void {
    if (realized.gt(ZERO)) {
      this.#wins++;
      this.#profit = this.#profit.plus(realized);
    } else {
      this.#losses++;
      this.#loss = this.#loss.minus(realized);
    }
    this.#squares += realized.toNumber() ** 2;
    const net = this.net;
    if (net.gt(this.#peak)) this.#peak = net;
    const fall = this.#peak.minus(net);
    if (fall.gt(this.#drawdown)) this.#drawdown = fall;
  }

  /** Notes a signal that was acted on. */
  signal(signal: Signal, closes: boolean, now: Moment): void {
    if (closes) this.#closeSignals++;
    else this.#signals++;
    this.#lastSignal = { ...signal, time: now.time };
  }

  /** The metrics as they are published. */
  metrics(now: Moment): NonNullable<TraderStatus["metrics"]> {
    const trades = this.#wins + this.#losses;
    const last = this.#lastSignal;
    const sharpe = this.#sharpeRatio(trades);
    return {
      totalTrades: trades,
      winningTrades: this.#wins,
      losingTrades: this.#losses,
      totalProfit: formatAmount(this.#profit),
      totalLoss: formatAmount(this.#loss),
      netProfit: formatAmount(this.net),
      // A fraction from 0 to 1, to four decimals.
      winRate: trades === 0 ? 0 : round(this.#wins / trades, 4),
      averageProfit: formatAmount(average(this.#profit, this.#wins)),
      averageLoss: formatAmount(average(this.#loss, this.#losses)),
      ...(this.#loss.gt(ZERO)
        ? { profitFactor: round(this.#profit.div(this.#loss).toNumber(), 4) }
        : {}),
      maxDrawdown: formatAmount(this.#drawdown),
      ...(sharpe === undefined ? {} : { sharpeRatio: sharpe }),
      startTime: this.#openedAt.time,
      uptime: formatIsoDuration(Math.max(0, now.at - this.#openedAt.at)),
      signalsExecuted: this.#signals,
      closeSignalsExecuted: this.#closeSignals,
      ...(last === undefined ? {} : {
        lastSignalAction: last.action,
        lastSignalConfidence: last.confidence,
        lastSignalTime: last.time,
      }),
    };
  }

  /** Mean over deviation of the profit per trade, not annualised; from two trades on. */
  #sharpeRatio(trades: number): number | undefined {
    if (trades < 2) return undefined;
    const mean = this.net.toNumber() / trades;
    const variance = (this.#squares - trades * mean ** 2) / (trades - 1);
    return variance > 0 ? round(mean / Math.sqrt(variance), 4) : undefined;
  }
}

function average(sum: Big, count: number): Big {
  return count === 0 ? ZERO : roundTo(sum.div(count), AVERAGE_DECIMALS);
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
