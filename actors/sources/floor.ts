/**
 * A simulated trading floor: one market, several traders. No I/O and no timers: the caller passes the
 * time to each step.
 *
 * @module
 */
import { type Instrument, INSTRUMENTS } from "./instruments.ts";
import { Market } from "./market.ts";
import { Big } from "./money.ts";
import type { Moment, SourceEvent } from "./publish.ts";
import { Random } from "./random.ts";
import { Trader, type TraderProfile } from "./trader.ts";

/** Most traders of a floor; enough to load a gateway, few enough for one process. */
const MAX_TRADERS = 200;

const NAMES = ["Aster", "Borealis", "Cygnus", "Draco", "Eridanus", "Fornax", "Gemini", "Hydra"];
const STRATEGIES = ["momentum", "mean-reversion", "breakout", "grid", "market-making"];
/** Smallest and largest exposure limit, in thousands of quote currency. */
const EXPOSURE_THOUSANDS = [10, 40] as const;
/** Daily loss limit as a fraction of the exposure limit: four or five stop losses. */
const DAILY_LOSS = new Big("0.002");

/** How a floor is set up. */
export interface FloorOptions {
  /** Equal seeds and equal times give equal events. */
  readonly seed: string | number;
  /** Number of traders, 0 to {@link MAX_TRADERS}. */
  readonly traders: number;
  /** When it opens. Its time is part of every position's id, so that ids never come back. */
  readonly openedAt: Moment;
  /** What is traded; {@link INSTRUMENTS} by default, at least one. */
  readonly instruments?: readonly Instrument[];
}

/** Makes everything that a trading core would publish. */
export class TradingFloor {
  readonly #market: Market;
  readonly #traders: readonly Trader[];

  /**
   * Opens a floor.
   *
   * @throws {RangeError} When the number of traders is out of bounds.
   */
  constructor(options: FloorOptions) {
    const { seed, traders, openedAt, instruments = INSTRUMENTS } = options;
    if (!Number.isInteger(traders) || traders < 0 || traders > MAX_TRADERS) {
      throw new RangeError(`traders: expected a whole number from 0 to ${MAX_TRADERS}`);
    }
    const random = new Random(seed);
    this.#market = new Market(instruments, random.fork("market"), openedAt.at);
    const session = Date.parse(openedAt.time).toString(36);
    let positions = 0;
    const newPositionId = () => `position-${session}-${++positions}`;
    this.#traders = Array.from({ length: traders }, (_, index) => {
      const profile = recruit(index, instruments, random.fork(`profile ${index}`));
      return new Trader(profile, random.fork(`trader ${index}`), newPositionId, openedAt);
    });
  }

  /** Goes on to `now` and returns what happened, in order. Time must not run backwards. */
  step(now: Moment): SourceEvent[] {
    const events: SourceEvent[] = this.#market.step(now);
    for (const trader of this.#traders) {
      events.push(...trader.step(now, this.#market.quote(trader.symbol)));
    }
    return events;
  }

  /** Ends the day: every position is closed and every trader stopped. Call nothing after it. */
  close(now: Moment): SourceEvent[] {
    return this.#traders.flatMap((trader) => trader.leave(now));
  }
}

function recruit(
  index: number,
  instruments: readonly Instrument[],
  random: Random,
): TraderProfile {
  const name = NAMES[index % NAMES.length]!;
  const generation = Math.floor(index / NAMES.length);
  const exposure = new Big(random.integer(...EXPOSURE_THOUSANDS) * 1_000);
  return {
    id: `trader-${index + 1}`,
    name: generation === 0 ? name : `${name} ${generation + 1}`,
    strategy: random.pick(STRATEGIES),
    instrument: instruments[index % instruments.length]!,
    limits: { exposure, dailyLoss: exposure.times(DAILY_LOSS) },
  };
}
