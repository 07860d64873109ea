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
  totalTrades: Count.default(0),
  winningTrades: Count.default(0),
  losingTrades: Count.default(0),
  totalProfit: UnsignedDecimal.default("0"),
  totalLoss: UnsignedDecimal.default("0"),
  netProfit: Decimal.default("0"),
  winRate: z.number().min(0).max(1).default(0),
  averageProfit: Decimal.default("0"),
  averageLoss: Decimal.default("0"),
  profitFactor: z.number().optional(),
  maxDrawdown: Decimal.default("0"),
  sharpeRatio: z.number().optional(),
  startTime: IsoTime.optional(),
  uptime: IsoDuration.default("PT0S"),
  signalsExecuted: Count.default(0),
  closeSignalsExecuted: Count.default(0),
  lastSignalAction: SignalAction.optional(),
  lastSignalConfidence: z.number().optional(),
  lastSignalTime: IsoTime.optional(),
}).refine(
  ({ totalTrades, winningTrades, losingTrades }) => winningTrades + losingTrades <= totalTrades,
  { path: ["totalTrades"], error: "winning and losing trades are more than the total" },
);

/** The state of one trader; a later event of the same `id` replaces it. */
export const TraderStatus = z.strictObject({
  id: Id,
  name: Text,
  status: z.enum(["IDLE", "STARTING", "RUNNING", "PAUSED", "STOPPING", "STOPPED", "ERROR"]),
  exchange: Text,
  symbol: Id,
  strategy: Text,
  reason: Text,
  metrics: TraderMetrics.optional(),
  updatedAt: IsoTime.optional(),
});

/** The state of one trader, as published. */
export type TraderStatus = z.infer<typeof TraderStatus>;
