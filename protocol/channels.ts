/**
 * The spec of each channel: everything that differs between channels.
 *
 * @module
 */
import type { z } from "zod";
import { MarketData } from "./events/market_data.ts";
import { Position } from "./events/position.ts";
import { RiskAlert } from "./events/risk_alert.ts";
import { SystemWarning } from "./events/system_warning.ts";
import {
  REPAIR_ALERT,
  REPAIR_TRADER,
  REPAIR_WARNING,
  type StoredRepair,
} from "./events/stored_repairs.ts";
import { TraderStatus } from "./events/trader_status.ts";

/**
 * What may be shed on a channel when a connection is slow or over its rate.
 *
 * - `lossless`: nothing.
 * - `conflated`: states and values that a later one of the same key supersedes; the last one of each
 *   key always arrives, its end included.
 */
export type Lane = "lossless" | "conflated";

/** The fields that filters of v2 compare, by what they mean; absent where a channel has none. */
export interface FilterFields {
  /** Names the symbol, in any case. */
  readonly symbol?: string;
  /** Names the trader. */
  readonly trader?: string;
  /** Holds one of the severities of `protocol/v2/client_message.ts`. */
  readonly severity?: string;
}

/**
 * Which events of a channel a key that is limited to traders sees.
 *
 * - `trader`: those of its traders; those that name no trader only with `portfolio`.
 * - `portfolio`: all with `portfolio`, else none.
 * - `all`: all, as they are about no trader.
 */
export type RowRule = "trader" | "portfolio" | "all";

/** The spec of a channel. */
export interface ChannelSpec {
  /** What it carries, for the reference. */
  readonly carries: string;
  /** What an `id` of it names, a word for the reference. */
  readonly keyName: string;
  /** Schema of the payload, without the fields that `intake.ts` takes off first. */
  readonly payload: z.ZodObject;
  /** What may be shed. */
  readonly lane: Lane;
  /** Field of the payload that stands in, in upper case, for an absent `id`. */
  readonly keyField?: string;
  /** Field of the payload that carries its time. */
  readonly timeKey: "createdAt" | "updatedAt";
  /** What filters compare. */
  readonly filterFields: FilterFields;
  /** Who sees its events, of those whose keys are limited to traders. */
  readonly rows: RowRule;
  /** Fields that are sent as `null` when absent. */
  readonly nullable?: Readonly<Record<string, null>>;
  /** The `status` that ends a key; an absent `isActive` of the payload is derived from it. */
  readonly closingStatus?: string;
  /**
   * The `status` in which a key promises news: the client marks it stale after 30 s without. Where a
   * `status` ends keys, every other one promises it.
   */
  readonly busyStatus?: string;
  /** What a snapshot holds: the latest event per key, or the last events whatever their key. */
  readonly snapshot: "latest-per-key" | "last-events";
  /**
   * When the channel counts as stale: `market` after `marketDataMaxAgeSeconds`, from its first event
   * on; `declared` after `declaredMaxAgeSeconds`, once a publisher declared it; `never`.
   */
  readonly maxAge: "market" | "declared" | "never";
  /** Who may publish: any principal with the scope, or the gateway alone. */
  readonly writer: "publishers" | "gateway";
  /**
   * Whether its events are alerts: those of one id within a gap are an incident, which people
   * acknowledge and somebody has to watch. One channel of a set is.
   */
  readonly alerts?: true;
  /** Whether v1 carries the time in `meta`, as the deployed class of the payload refuses it. */
  readonly timeInMetaV1?: true;
  /** Brings payloads that earlier versions stored to today's form; absent where all are in it. */
  readonly repair?: StoredRepair;
  /** Singular spellings that deployed clients send, after dots and underscores became dashes. */
  readonly aliases: readonly string[];
}

/**
 * Every channel of the product by its wire name, in the order in which they are listed. What is true
 * of one channel and not of another stands here: everything else reads it, mostly through the
 * `ChannelSet` (`channel_set.ts`) that a gateway is built with.
 */
export const CHANNEL_SPECS = {
  "risk-alerts": {
    carries: "alerts",
    keyName: "alert",
    payload: RiskAlert,
    lane: "lossless",
    timeKey: "createdAt",
    filterFields: { trader: "traderId", severity: "severity" },
    rows: "trader",
    nullable: { traderId: null },
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    alerts: true,
    repair: REPAIR_ALERT,
    aliases: ["risk-alert"],
  },
  "system-warnings": {
    carries: "notices of the gateway about itself",
    keyName: "warning",
    payload: SystemWarning,
    lane: "lossless",
    timeKey: "createdAt",
    filterFields: { severity: "severity" },
    rows: "portfolio",
    snapshot: "last-events",
    maxAge: "never",
    writer: "gateway",
    repair: REPAIR_WARNING,
    aliases: ["system-warning"],
  },
  "trader-status": {
    carries: "the state of each trader",
    keyName: "trader",
    payload: TraderStatus,
    lane: "conflated",
    timeKey: "updatedAt",
    filterFields: { symbol: "symbol", trader: "id" },
    busyStatus: "RUNNING",
    rows: "trader",
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    repair: REPAIR_TRADER,
    aliases: [],
  },
  "positions": {
    carries: "each position",
    keyName: "position",
    payload: Position,
    lane: "conflated",
    timeKey: "updatedAt",
    filterFields: { symbol: "symbol", trader: "traderId" },
    rows: "trader",
    closingStatus: "CLOSED",
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    timeInMetaV1: true,
    aliases: ["position"],
  },
  "market-data": {
    carries: "prices",
    keyName: "symbol",
    payload: MarketData,
    lane: "conflated",
    keyField: "symbol",
    timeKey: "updatedAt",
    filterFields: { symbol: "symbol" },
    rows: "all",
    snapshot: "latest-per-key",
    maxAge: "market",
    writer: "publishers",
    aliases: [],
  },
} as const satisfies Readonly<Record<string, ChannelSpec>>;

/**
 * The wire name of a channel that code may name. A set can hold others, so that nothing may assume
 * these are all: what differs between channels is read from their specs.
 */
export type Channel = keyof typeof CHANNEL_SPECS;

/** The wire names of the product's channels, in the order of {@link CHANNEL_SPECS}. */
export const CHANNELS: readonly Channel[] = Object.keys(CHANNEL_SPECS) as Channel[];
