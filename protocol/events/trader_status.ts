/**
 * Payload of the `trader-status` channel.
 *
 * @module
 */
import { z } from "zod";
import { Decimal, UnsignedDecimal } from "../decimal.ts";
import { IsoDuration } from "../iso_duration.ts";
import { Count, Id, IsoTime, Text } from "./fields.ts";

/** What a trader acted on last; the deployed class knows no other value. */
export const SignalAction = z.enum(["BUY", "SELL", "HOLD", "CLOSE"]);

/** What a trader acted on last. */
export type SignalAction = z.infer<typeof SignalAction>;

/**
 * Performance of a trader since it started. Money is in decimal strings, ratios are numbers. Every
 * bound is one that the deployed class checks, and defaults are those of the class.
 */
export const TraderMetrics = z.strictObject({
  totalTrades: Count.default(0).describe(
    "All trades; no fewer than winning and losing ones together.",
  ),
  winningTrades: Count.default(0).describe("Trades with a profit."),
  losingTrades: Count.default(0).describe("Trades with a loss."),
  totalProfit: UnsignedDecimal.default("0").describe("Of the winning trades; never negative."),
  totalLoss: UnsignedDecimal.default("0").describe("Of the losing trades, without sign."),
  netProfit: Decimal.default("0").describe("Profit minus loss."),
  winRate: z.number().min(0).max(1).default(0).describe("Share of the winning trades."),
  averageProfit: Decimal.default("0").describe("Of a winning trade."),
  averageLoss: Decimal.default("0").describe("Of a losing trade."),
  profitFactor: z.number().optional().describe("The profit factor."),
  maxDrawdown: Decimal.default("0").describe("The largest fall from a peak."),
  sharpeRatio: z.number().optional().describe("The Sharpe ratio."),
  startTime: IsoTime.optional().describe("When the trader started."),
  uptime: IsoDuration.default("PT0S").describe(
    "How long it has been running, as `java.time.Duration` writes it, such as `PT15S` or `PT-1.5S`: days, hours, minutes and seconds, no years, months or weeks.",
  ),
  signalsExecuted: Count.default(0).describe("Signals acted on."),
  closeSignalsExecuted: Count.default(0).describe("Signals to close that were acted on."),
  lastSignalAction: SignalAction.optional().describe("The last signal."),
  lastSignalConfidence: z.number().optional().describe("How sure its strategy was."),
  lastSignalTime: IsoTime.optional().describe("When it came."),
}).refine(
  ({ totalTrades, winningTrades, losingTrades }) => winningTrades + losingTrades <= totalTrades,
  { path: ["totalTrades"], error: "winning and losing trades are more than the total" },
);

/** The state of one trader; a later event of the same `id` replaces it. */
export const TraderStatus = z.strictObject({
  id: Id.describe("The trader."),
  name: Text.describe("Its name for people."),
  status: z.enum(["IDLE", "STARTING", "RUNNING", "PAUSED", "STOPPING", "STOPPED", "ERROR"])
    .describe("What it does."),
  exchange: Text.describe("Where it trades."),
  symbol: Id.describe("What it trades."),
  strategy: Text.describe("How it trades."),
  reason: Text.describe("Why it is in this state."),
  metrics: TraderMetrics.optional().describe("Its performance since it started."),
  updatedAt: IsoTime.optional().describe("The time of the state."),
});

/** The state of one trader, as published. */
export type TraderStatus = z.infer<typeof TraderStatus>;
