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
  id: Id.optional(),
  symbol: Id,
  price: Decimal,
  source: Text,
  change24h: z.number().optional(),
  isSnapshot: z.boolean().default(false),
  updatedAt: IsoTime.optional(),
});

/** The price of one symbol, as published. */
export type MarketData = z.infer<typeof MarketData>;
