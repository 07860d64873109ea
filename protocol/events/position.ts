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
  id: Id.describe("The position."),
  traderId: Id.describe("Whose it is."),
  symbol: Id.describe("Of what."),
  action: z.enum(["LONG", "SHORT"]).describe("Which side."),
  quantity: Decimal.describe("How much."),
  entryPrice: Decimal.describe("The price at which it was opened."),
  currentPrice: Decimal.describe("The price now."),
  unrealizedPnL: Decimal.describe("Profit, or loss where negative, if it were closed now."),
  realizedPnL: Decimal.optional().describe("Profit or loss that was taken."),
  status: z.enum(["OPEN", "UPDATED", "CLOSED"]).describe(
    "`CLOSED` always arrives, however slow you are, and ends the position.",
  ),
  reason: Text.optional().describe("Why it was opened or closed."),
  trailingStopActivated: z.boolean().default(false).describe("Whether its stop follows the price."),
  stopLossPrice: Decimal.optional().describe("The price at which a loss is cut."),
  takeProfitPrice: Decimal.optional().describe("The price at which a profit is taken."),
  isActive: z.boolean().optional().describe(
    "Whether it is open; what `status` says, unless the publisher says otherwise.",
  ),
  updatedAt: IsoTime.optional().describe("The time of the state."),
});

/** One position, as published. */
export type Position = z.infer<typeof Position>;
