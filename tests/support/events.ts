/**
 * Builders of events to publish: valid, and small enough to be read in a failure's message.
 *
 * @module
 */

/** An event as `POST /api/v1/telemetry/events` takes it. */
export interface PublishBody {
  readonly channel: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly eventId?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** A trader's state. */
export function traderStatus(id: string, fields: Fields = {}): PublishBody {
  return {
    channel: "trader-status",
    data: {
      id,
      name: `Trader ${id}`,
      status: "RUNNING",
      exchange: "BINANCE",
      symbol: "BTCUSDT",
      strategy: "momentum",
      reason: "signal",
      ...fields,
    },
  };
}

/** The metrics of a trader, with every field. */
export function traderMetrics(fields: Fields = {}): Fields {
  return {
    totalTrades: 12,
    winningTrades: 7,
    losingTrades: 5,
    totalProfit: "181.25",
    totalLoss: "60.10",
    netProfit: "121.15",
    winRate: 0.5833,
    averageProfit: "25.89",
    averageLoss: "12.02",
    profitFactor: 3.01,
    maxDrawdown: "33.00",
    sharpeRatio: 1.4,
    startTime: "2026-01-31T12:00:00Z",
    uptime: "PT15S",
    signalsExecuted: 24,
    closeSignalsExecuted: 12,
    lastSignalAction: "BUY",
    lastSignalConfidence: 0.83,
    lastSignalTime: "2026-01-31T12:34:56.789Z",
    ...fields,
  };
}

/** A position; `CLOSED` ends it. */
export function position(id: string, fields: Fields = {}): PublishBody {
  const closed = fields["status"] === "CLOSED";
  return {
    channel: "positions",
    data: {
      id,
      traderId: "42",
      symbol: "BTCUSDT",
      action: "LONG",
      quantity: "0.250",
      entryPrice: "9682.00",
      currentPrice: "9690.50",
      unrealizedPnL: "2.125",
      status: "OPEN",
      trailingStopActivated: false,
      isActive: !closed,
      ...fields,
    },
  };
}

/** A risk alert with one violation. */
export function riskAlert(id: string, fields: Fields = {}): PublishBody {
  return {
    channel: "risk-alerts",
    data: {
      id,
      traderId: "42",
      severity: "WARNING",
      recommendation: "WARN",
      message: "daily loss at 80 % of its limit",
      violations: [
        { type: "DAILY_LOSS", message: "limit 500.00", details: { limit: "500.00", used: "0.8" } },
      ],
      status: "ACTIVE",
      ...fields,
    },
  };
}

/** A price. */
export function marketData(symbol: string, price: string, fields: Fields = {}): PublishBody {
  return {
    channel: "market-data",
    data: { symbol, price, source: "e2e", isSnapshot: false, ...fields },
  };
}

/** A notice that only the gateway itself may publish. */
export function systemWarning(id: string): PublishBody {
  return {
    channel: "system-warnings",
    data: { id, severity: "WARNING", code: "TEST", message: "not from the gateway", details: {} },
  };
}

/** The removal of a key from the snapshot. */
export function removal(channel: string, id: string): Fields {
  return { channel, id, removed: true };
}
