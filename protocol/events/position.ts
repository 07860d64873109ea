/**
 * Payload of the `positions` channel.
 *
 * @module
 */
import { z } from "zod";
import { Decimal } from "../decimal.ts";
import { Id, IsoTime, Text } from "./fields.ts";

/**
 * One position; a later event of the same `id` replaces it, `CLOSED` ends it. `isActive` defaults to
 * whether it is not closed.
 */
export const Position = z.strictObject({
  id: Id,
  traderId: Id,
  symbol: Id,
  action: z.enum(["LONG", "SHORT"]),
  quantity: Decimal,
  entryPrice: Decimal,
  currentPrice: Decimal,
  unrealizedPnL: Decimal,
  realizedPnL: Decimal.optional(),
  status: z.enum(["OPEN", "UPDATED", "CLOSED"]),
  reason: Text.optional(),
  trailingStopActivated: z.boolean().default(false),
  stopLossPrice: Decimal.optional(),
  takeProfitPrice: Decimal.optional(),
  isActive: z.boolean().optional(),
  updatedAt: IsoTime.optional(),
});

/** One position, as published. */
export type Position = z.infer<typeof Position>;
