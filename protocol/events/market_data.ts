/**
 * Payload of the `market-data` channel.
 *
 * @module
 */
import { z } from "zod";
import { Decimal } from "../decimal.ts";
import { Id, IsoTime, Text } from "./fields.ts";

/** The price of one symbol; `id` defaults to the symbol in upper case. */
export const MarketData = z.strictObject({
  id: Id.optional().describe("The symbol in upper case, unless the publisher gave another one."),
  symbol: Id.describe("As the publisher writes it."),
  price: Decimal.describe("The price."),
  source: Text.describe("Where it is from."),
  change24h: z.number().optional().describe("The change within 24 hours."),
  isSnapshot: z.boolean().default(false).describe("Whether the publisher calls it a snapshot."),
  updatedAt: IsoTime.optional().describe("The time of the price."),
});

/** The price of one symbol, as published. */
export type MarketData = z.infer<typeof MarketData>;
