/**
 * Channels that exist in tests alone, beside those of the product. Whatever a spec can say is said by
 * one of them, in other words than the product's channels use.
 *
 * @module
 */
import { z } from "zod";
import { ChannelSet } from "../../protocol/channel_set.ts";
import { type Channel, CHANNEL_SPECS } from "../../protocol/channels.ts";
import { Id, IsoTime, Text } from "../../protocol/events/fields.ts";

const Order = z.strictObject({
  id: Id.optional(),
  ticket: Id.describe("Names the order where there is no id."),
  account: Id.describe("The trader."),
  pair: Id.describe("The symbol."),
  grade: z.enum(["INFO", "WARNING", "CRITICAL"]).default("INFO").describe("How urgent it is."),
  broker: Text.optional().describe("Who carries it out."),
  status: z.enum(["PLACED", "PARTIAL", "FILLED"]).describe("How far it is."),
  isActive: z.boolean().optional().describe("Whether it is open."),
  updatedAt: IsoTime.optional().describe("The time of the state."),
});

const Fill = z.strictObject({
  id: Id.describe("The fill."),
  price: z.number().describe("The price."),
  createdAt: IsoTime.optional().describe("The time of the fill."),
});

/** Five channels and three more: states, a log of publishers, and a log of the gateway. */
export const MORE_CHANNELS = new ChannelSet({
  "orders": {
    carries: "each order",
    keyName: "order",
    payload: Order,
    lane: "conflated",
    keyField: "ticket",
    timeKey: "updatedAt",
    filterFields: { symbol: "pair", trader: "account", severity: "grade" },
    rows: "trader",
    nullable: { broker: null },
    closingStatus: "FILLED",
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    timeInMetaV1: true,
    repair: {
      suspects: (data) => data.includes('"status":"PART"'),
      apply: (payload) => ({ ...payload, status: "PARTIAL" }),
    },
    aliases: ["order"],
  },
  ...CHANNEL_SPECS,
  "fills": {
    carries: "fills",
    keyName: "fill",
    payload: Fill,
    lane: "lossless",
    timeKey: "createdAt",
    filterFields: {},
    rows: "all",
    snapshot: "last-events",
    maxAge: "market",
    writer: "publishers",
    aliases: [],
  },
  "house-notes": {
    carries: "notes of the gateway",
    keyName: "note",
    payload: Fill,
    lane: "lossless",
    timeKey: "createdAt",
    filterFields: {},
    rows: "portfolio",
    snapshot: "last-events",
    maxAge: "never",
    writer: "gateway",
    aliases: [],
  },
});

/** Types know the product's channels alone: others are named here and nowhere else. */
export const [ORDERS, FILLS, NOTES] = ["orders", "fills", "house-notes"] as unknown as readonly [
  Channel,
  Channel,
  Channel,
];
