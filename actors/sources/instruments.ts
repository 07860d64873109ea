/**
 * What is traded on the simulated floor.
 *
 * @module
 */

/** A symbol and how it behaves. */
export interface Instrument {
  /** The symbol, upper case. */
  readonly symbol: string;
  /** Where its price starts and is weakly drawn back to, in quote currency. */
  readonly homePrice: number;
  /** Decimals of its prices. */
  readonly priceDecimals: number;
  /** Decimals of its quantities. */
  readonly quantityDecimals: number;
  /** How strongly it follows the common factor; 1 is the market. */
  readonly beta: number;
  /** Deviation of its logarithmic price over one second, apart from bursts. */
  readonly volatility: number;
}

/**
 * The default market. Prices are of the order of 2024's; volatility is about twice the real one, so
 * that a demonstration shows trades open and close within minutes.
 */
export const INSTRUMENTS: readonly Instrument[] = [
  instrument("BTCUSDT", 64_250, 2, 4, 1.0, 0.000_16),
  instrument("ETHUSDT", 3_420, 2, 3, 1.1, 0.000_20),
  instrument("BNBUSDT", 585, 2, 2, 0.8, 0.000_18),
  instrument("SOLUSDT", 148, 3, 2, 1.4, 0.000_28),
  instrument("XRPUSDT", 0.523, 5, 0, 1.0, 0.000_24),
  instrument("ADAUSDT", 0.4512, 5, 0, 1.1, 0.000_26),
  instrument("DOGEUSDT", 0.1234, 6, 0, 1.5, 0.000_32),
  instrument("LINKUSDT", 14.2, 3, 1, 1.2, 0.000_26),
];

function instrument(
  symbol: string,
  homePrice: number,
  priceDecimals: number,
  quantityDecimals: number,
  beta: number,
  volatility: number,
): Instrument {
  return { symbol, homePrice, priceDecimals, quantityDecimals, beta, volatility };
}
