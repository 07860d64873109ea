/**
 * The events of the golden messages, as their publishers wrote them: the keys in any order.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { StoredEvent } from "../../../actors/ports.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { parseSubmission } from "../../../protocol/publish.ts";

/** 2026-01-31T12:00:00Z */
export const NOON = 1_769_860_800_000;

/** An event as its publisher wrote it, with the number and the time that it was given. */
export interface Published {
  readonly channel: Channel;
  readonly seq: number;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An alert that forbids trading. */
export const RISK_ALERT: Published = {
  channel: "risk-alerts",
  seq: 17,
  at: NOON + 260,
  data: {
    createdAt: "2026-01-31T12:00:00.250Z",
    status: "ACTIVE",
    violations: [{
      details: { limit: "500.00", share: 1.04, final: true },
      message: "limit 500.00",
      type: "DAILY_LOSS",
    }],
    message: "daily loss over its limit",
    recommendation: "BLOCK",
    severity: "CRITICAL",
    traderId: "42",
    id: "alert-9",
  },
};

/** A notice of the gateway. */
export const SYSTEM_WARNING: Published = {
  channel: "system-warnings",
  seq: 2,
  at: NOON + 10_001,
  data: {
    id: "stale-market-data",
    code: "STALE_CHANNEL",
    severity: "WARNING",
    message: "no event on market-data for 10 s",
    details: { channel: "market-data", count: 3 },
    createdAt: "2026-01-31T12:00:10Z",
  },
};

/** A trader at work, with metrics. */
export const TRADER_STATUS: Published = {
  channel: "trader-status",
  seq: 5,
  at: NOON + 4,
  data: {
    updatedAt: "2026-01-31T12:00:00Z",
    metrics: {
      uptime: "PT15S",
      startTime: "2026-01-31T11:59:45Z",
      totalTrades: 12,
      winningTrades: 7,
      losingTrades: 5,
      winRate: 0.5833,
      totalProfit: "181.25",
      totalLoss: "60.10",
      netProfit: "121.15",
      averageProfit: "25.89",
      averageLoss: "12.02",
      profitFactor: 3.01,
      maxDrawdown: "33.00",
      sharpeRatio: 1.4,
      signalsExecuted: 24,
      closeSignalsExecuted: 12,
      lastSignalAction: "BUY",
      lastSignalConfidence: 0.83,
      lastSignalTime: "2026-01-31T11:59:59.9Z",
    },
    id: "42",
    name: "Momentum BTC",
    status: "RUNNING",
    exchange: "BINANCE",
    symbol: "BTCUSDT",
    strategy: "momentum",
    reason: "signal above threshold",
  },
};

/** An open position. */
export const POSITION: Published = {
  channel: "positions",
  seq: 8,
  at: NOON + 5,
  data: {
    id: "pos-1",
    traderId: "42",
    symbol: "BTCUSDT",
    action: "LONG",
    status: "OPEN",
    isActive: true,
    quantity: "0.250",
    entryPrice: "9682.00",
    currentPrice: "9690.50",
    unrealizedPnL: "2.125",
    stopLossPrice: "9500.00",
    takeProfitPrice: "9900.00",
    trailingStopActivated: false,
    updatedAt: "2026-01-31T12:00:00Z",
  },
};

/** A price, its symbol in lower case. */
export const MARKET_DATA: Published = {
  channel: "market-data",
  seq: 41,
  at: NOON + 101,
  data: {
    symbol: "btcusdt",
    price: "9750.25",
    source: "binance",
    change24h: 1.25,
    isSnapshot: false,
    updatedAt: "2026-01-31T12:00:00.100Z",
  },
};

/** The same trader, stopped. */
export const STOPPED_TRADER: Published = {
  channel: "trader-status",
  seq: 9,
  at: NOON + 3_002,
  data: {
    id: "42",
    name: "Momentum BTC",
    status: "STOPPED",
    exchange: "BINANCE",
    symbol: "BTCUSDT",
    strategy: "momentum",
    reason: "stopped by an operator",
    updatedAt: "2026-01-31T12:00:03Z",
  },
};

/** The same position, closed. */
export const CLOSED_POSITION: Published = {
  channel: "positions",
  seq: 14,
  at: NOON + 4_001,
  data: {
    id: "pos-1",
    traderId: "42",
    symbol: "BTCUSDT",
    action: "LONG",
    quantity: "0.250",
    entryPrice: "9682.00",
    currentPrice: "9702.00",
    unrealizedPnL: "0",
    realizedPnL: "5.00",
    status: "CLOSED",
    reason: "take profit",
    trailingStopActivated: true,
    isActive: false,
    updatedAt: "2026-01-31T13:00:04+01:00",
  },
};

/** A price whose id is not its symbol. */
export const ETHER: Published = {
  channel: "market-data",
  seq: 1_200,
  at: NOON + 1_007,
  data: {
    id: "ETH-PERP",
    symbol: "ETHUSDT",
    price: "201.10",
    source: "binance",
    isSnapshot: true,
    updatedAt: "2026-01-31T12:00:01Z",
  },
};

/** The way of an event from the publisher to the log, without storing. */
export function stored({ channel, seq, at, data }: Published): StoredEvent {
  const result = parseSubmission({ channel, data }, "event", at);
  assert.ok(result.ok, JSON.stringify(result));
  return { ...result.submission.draft, seq, timestamp: at };
}
