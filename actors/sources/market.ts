/**
 * A market of correlated random walks, with bursts.
 *
 * @module
 */
import type { Instrument } from "./instruments.ts";
import { Big } from "./money.ts";
import type { MarketDataEvent, Moment } from "./publish.ts";
import type { Random } from "./random.ts";

/** What market data of the simulator names as its `source`. */
export const SIMULATED_SOURCE = "simulator";

/** Share of each move that comes from the common factor, as a correlation. */
const CORRELATION = 0.6;
/** Time in which a price returns most of the way home, in seconds; keeps long runs plausible. */
const HOME_SECONDS = 3_600;
/** Longest step the walks take at once, in seconds: after a suspended machine prices do not leap. */
const MAX_STEP_SECONDS = 5;
/** Pause between two quotes of a symbol, in ms; 350 on average is just under three a second. */
const TICK_MILLIS = [150, 550] as const;
/** Mean time between bursts and their length, in seconds, and what they multiply. */
const BURST = { everySeconds: 45, seconds: [3, 10], volatility: 2.5, pace: 4 } as const;
/** Width of the first 24-hour change, as a fraction. */
const OVERNIGHT = 0.02;
const DAY_MILLIS = 86_400_000;

interface Walk {
  readonly instrument: Instrument;
  /** Logarithm of the price over its home price. */
  deviation: number;
  /** Price that `change24h` compares with. */
  reference: number;
  nextTickAt: number;
  quote: Big;
}

/**
 * Prices of several instruments. The walks are ordinary floating point, being made up; what is
 * quoted is rounded to the instrument's decimals and exact from there on.
 */
export class Market {
  readonly #walks: readonly Walk[];
  readonly #quotes = new Map<string, Walk>();
  readonly #random: Random;
  #steppedAt: number;
  #burstUntil = -Infinity;
  #referenceAt: number;

  /**
   * Opens a market at the home prices.
   *
   * @param instruments What is traded; symbols are unique.
   * @param random Its own generator.
   * @param at Monotonic ms of the opening.
   */
  constructor(instruments: readonly Instrument[], random: Random, at: number) {
    this.#random = random;
    this.#steppedAt = at;
    this.#referenceAt = at;
    this.#walks = instruments.map((instrument) => ({
      instrument,
      deviation: 0,
      reference: instrument.homePrice * (1 + random.uniform(-OVERNIGHT, OVERNIGHT)),
      nextTickAt: at + random.uniform(0, TICK_MILLIS[1]),
      quote: quoted(instrument, 0),
    }));
    for (const walk of this.#walks) this.#quotes.set(walk.instrument.symbol, walk);
  }

  /**
   * The last quoted price of a symbol; what positions are valued at.
   *
   * @throws {RangeError} When the symbol is not traded.
   */
  quote(symbol: string): Big {
    const walk = this.#quotes.get(symbol);
    if (walk === undefined) throw new RangeError(`${symbol} is not traded`);
    return walk.quote;
  }

  /** Moves every price on and returns the quotes that are due. */
  step(now: Moment): MarketDataEvent[] {
    const seconds = Math.min(Math.max((now.at - this.#steppedAt) / 1_000, 0), MAX_STEP_SECONDS);
    this.#steppedAt = now.at;
    this.#turnDay(now.at);
    const burst = this.#burst(now.at, seconds);
    this.#move(seconds, burst ? BURST.volatility : 1);
    const events: MarketDataEvent[] = [];
    for (const walk of this.#walks) {
      if (walk.nextTickAt > now.at) continue;
      walk.quote = quoted(walk.instrument, walk.deviation);
      const pause = this.#random.uniform(...TICK_MILLIS) / (burst ? BURST.pace : 1);
      walk.nextTickAt = now.at + pause;
      events.push(tick(walk, now.time));
    }
    return events;
  }

  #burst(at: number, seconds: number): boolean {
    if (at < this.#burstUntil) return true;
    if (!this.#random.chance(seconds / BURST.everySeconds)) return false;
    this.#burstUntil = at + this.#random.uniform(...BURST.seconds) * 1_000;
    return true;
  }

  #move(seconds: number, intensity: number): void {
    const root = Math.sqrt(seconds) * intensity;
    const common = this.#random.normal();
    const own = Math.sqrt(1 - CORRELATION ** 2);
    for (const walk of this.#walks) {
      const { beta, volatility } = walk.instrument;
      const shock = CORRELATION * beta * common + own * this.#random.normal();
      walk.deviation = walk.deviation * Math.exp(-seconds / HOME_SECONDS) +
        volatility * root * shock;
    }
  }

  /** `change24h` compares with the last price of the day before. */
  #turnDay(at: number): void {
    if (at - this.#referenceAt < DAY_MILLIS) return;
    this.#referenceAt = at;
    for (const walk of this.#walks) walk.reference = walk.quote.toNumber();
  }
}

function quoted(instrument: Instrument, deviation: number): Big {
  const { homePrice, priceDecimals } = instrument;
  const price = Math.max(homePrice * Math.exp(deviation), 10 ** -priceDecimals);
  return new Big(price.toFixed(priceDecimals));
}

function tick(walk: Walk, time: string): MarketDataEvent {
  const { symbol, priceDecimals } = walk.instrument;
  const change = (walk.quote.toNumber() / walk.reference - 1) * 100;
  return {
    channel: "market-data",
    data: {
      symbol,
      price: walk.quote.toFixed(priceDecimals),
      source: SIMULATED_SOURCE,
      change24h: Math.round(change * 100) / 100,
      isSnapshot: false,
      updatedAt: time,
    },
  };
}
