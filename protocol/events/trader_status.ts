/**
 * Payload of the `trader-status` channel.
 *
 * @module
 */
import { z } from "zod";
import { Decimal } from "../decimal.ts";
import { IsoDuration } from "../iso_duration.ts";
import { Count, Id, IsoTime, Text } from "./fields.ts";

/** Performance of a trader since it started. Money is in decimal strings, ratios are numbers. */
export const TraderMetrics = z.strictObject({
  totalTrades: Count,
  winningTrades: Count,
  losingTrades: Count,
  totalProfit: Decimal,
  totalLoss: Decimal,
  netProfit: Decimal,
  winRate: z.number(),
  averageProfit: Decimal,
  averageLoss: Decimal,
  profitFactor: z.number().optional(),
  maxDrawdown: Decimal,
  sharpeRatio: z.number().optional(),
  startTime: IsoTime.optional(),
  uptime: IsoDuration,
  signalsExecuted: Count,
  closeSignalsExecuted: Count,
  lastSignalAction: Text.optional(),
  lastSignalConfidence: z.number().optional(),
  lastSignalTime: IsoTime.optional(),
});

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
