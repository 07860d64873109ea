/**
 * A full and a minimal payload of every channel, written from the contract.
 *
 * @module
 */
import type { Channel } from "../../../protocol/channels.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a channel takes, and what it must be told. */
export interface PayloadExample {
  /** Every field that must be there. */
  readonly required: Fields;
  /** Every field that may be there and is absent otherwise. */
  readonly optional: Fields;
  /** Every field that is there in any case, with its default. */
  readonly defaults: Fields;
  /** Fields that hold money. */
  readonly money: readonly string[];
}

/** The metrics of a trader: what has a default. */
export const METRICS: Fields = {
  totalTrades: 12,
  winningTrades: 7,
  losingTrades: 5,
  totalProfit: "181.25",
  totalLoss: "60.10",
  netProfit: "121.15",
  winRate: 0.5833,
  averageProfit: "25.89",
  averageLoss: "12.02",
  maxDrawdown: "33.00",
  uptime: "PT15S",
  signalsExecuted: 24,
  closeSignalsExecuted: 12,
};

/** The defaults of metrics. */
export const DEFAULT_METRICS: Fields = {
  totalTrades: 0,
  winningTrades: 0,
  losingTrades: 0,
  totalProfit: "0",
  totalLoss: "0",
  netProfit: "0",
  winRate: 0,
  averageProfit: "0",
  averageLoss: "0",
  maxDrawdown: "0",
  uptime: "PT0S",
  signalsExecuted: 0,
  closeSignalsExecuted: 0,
};

/** The metrics of a trader: what may be there. */
export const OPTIONAL_METRICS: Fields = {
  profitFactor: 3.01,
  sharpeRatio: 1.4,
  startTime: "2026-01-31T11:59:45Z",
  lastSignalAction: "BUY",
  lastSignalConfidence: 0.83,
  lastSignalTime: "2026-01-31T11:59:59Z",
};

/** The metrics that are money. */
export const MONEY_METRICS: readonly string[] = [
  ...["totalProfit", "totalLoss", "netProfit", "averageProfit", "averageLoss", "maxDrawdown"],
];

/** One example per channel. */
export const EXAMPLES: Readonly<Record<Channel, PayloadExample>> = {
  "trader-status": {
    required: {
      id: "42",
      name: "Momentum BTC",
      status: "RUNNING",
      exchange: "BINANCE",
      symbol: "BTCUSDT",
      strategy: "momentum",
      reason: "signal",
    },
    optional: {
      metrics: { ...METRICS, ...OPTIONAL_METRICS },
      updatedAt: "2026-01-31T12:00:00Z",
    },
    defaults: {},
    money: [],
  },
  "positions": {
    required: {
      id: "pos-1",
      traderId: "42",
      symbol: "BTCUSDT",
      action: "LONG",
      quantity: "0.250",
      entryPrice: "9682.00",
      currentPrice: "9690.50",
      unrealizedPnL: "2.125",
      status: "OPEN",
    },
    optional: {
      realizedPnL: "5.00",
      reason: "take profit",
      stopLossPrice: "9500.00",
      takeProfitPrice: "9900.00",
      updatedAt: "2026-01-31T12:00:00+01:00",
      isActive: true,
    },
    defaults: { trailingStopActivated: false },
    money: [
      ...["quantity", "entryPrice", "currentPrice", "unrealizedPnL"],
      ...["realizedPnL", "stopLossPrice", "takeProfitPrice"],
    ],
  },
  "risk-alerts": {
    required: {
      id: "alert-9",
      severity: "CRITICAL",
      message: "daily loss over its limit",
    },
    optional: { traderId: "42", recommendation: "BLOCK", createdAt: "2026-01-31T12:00:00.250Z" },
    defaults: { violations: [], status: "ACTIVE" },
    money: [],
  },
  "market-data": {
    required: { symbol: "btcusdt", price: "9750.25", source: "binance" },
    optional: { id: "BTC-PERP", change24h: -1.25, updatedAt: "2026-01-31T12:00:00Z" },
    defaults: { isSnapshot: false },
    money: ["price"],
  },
  "system-warnings": {
    required: {
      id: "stale-market-data",
      severity: "WARNING",
      code: "STALE_CHANNEL",
      message: "no event for 10 s",
      details: { channel: "market-data", count: "3", since: null },
    },
    optional: { createdAt: "2026-01-31T12:00:00Z" },
    defaults: {},
    money: [],
  },
};

/** Removes one field. */
export function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}
