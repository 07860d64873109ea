/**
 * The channels of the gateway, their lanes, and every spelling of their names that clients use.
 *
 * @module
 */
import { z } from "zod";
import { MarketData } from "./events/market_data.ts";
import { Position } from "./events/position.ts";
import { RiskAlert } from "./events/risk_alert.ts";
import { SystemWarning } from "./events/system_warning.ts";
import { TraderStatus } from "./events/trader_status.ts";

/**
 * What may be shed on a channel when a connection is slow or over its rate.
 *
 * - `lossless`: nothing.
 * - `keyed`: superseded states of an id; the final state always arrives.
 * - `sampled`: superseded values of a key, at the pace of the client.
 */
export type Lane = "lossless" | "keyed" | "sampled";

/** What the gateway knows about a channel. */
export interface ChannelSpec {
  /** Schema of the payload, without the fields that `intake.ts` takes off first. */
  readonly payload: z.ZodType;
  /** What may be shed. */
  readonly lane: Lane;
  /** Field of the payload that stands in, in upper case, for an absent `id`. */
  readonly keyField?: string;
  /** Field of the payload that carries its time. */
  readonly timeKey: "createdAt" | "updatedAt";
  /** Field of the payload that names the trader. */
  readonly traderKey: "id" | "traderId";
  /** Fields that are sent as `null` when absent. */
  readonly nullable?: Readonly<Record<string, null>>;
  /** The `status` that ends a key; `isActive` is derived from it when absent. */
  readonly closingStatus?: string;
  /** What a snapshot holds: the latest event per key, or the last events whatever their key. */
  readonly snapshot: "latest-per-key" | "last-events";
  /**
   * When the channel counts as stale: `market` after `marketDataMaxAgeSeconds`, from its first event
   * on; `declared` after `declaredMaxAgeSeconds`, once a collector declared it; `never`.
   */
  readonly maxAge: "market" | "declared" | "never";
  /** Who may publish: any principal with the scope, or the gateway alone. */
  readonly writer: "publishers" | "gateway";
  /** Singular spellings that deployed clients send, after dots and underscores became dashes. */
  readonly aliases: readonly string[];
}

/**
 * Every channel by its wire name, in the order in which fan-out serves them: lossless lanes first,
 * then keyed, then sampled, so that an alert never waits behind market data.
 */
export const CHANNEL_SPECS = {
  "risk-alerts": {
    payload: RiskAlert,
    lane: "lossless",
    timeKey: "createdAt",
    traderKey: "traderId",
    nullable: { traderId: null },
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    aliases: ["risk-alert"],
  },
  "system-warnings": {
    payload: SystemWarning,
    lane: "lossless",
    timeKey: "createdAt",
    traderKey: "traderId",
    snapshot: "last-events",
    maxAge: "never",
    writer: "gateway",
    aliases: ["system-warning"],
  },
  "trader-status": {
    payload: TraderStatus,
    lane: "keyed",
    timeKey: "updatedAt",
    traderKey: "id",
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    aliases: [],
  },
  "positions": {
    payload: Position,
    lane: "keyed",
    timeKey: "updatedAt",
    traderKey: "traderId",
    closingStatus: "CLOSED",
    snapshot: "latest-per-key",
    maxAge: "declared",
    writer: "publishers",
    aliases: ["position"],
  },
  "market-data": {
    payload: MarketData,
    lane: "sampled",
    keyField: "symbol",
    timeKey: "updatedAt",
    traderKey: "traderId",
    snapshot: "latest-per-key",
    maxAge: "market",
    writer: "publishers",
    aliases: [],
  },
} as const satisfies Readonly<Record<string, ChannelSpec>>;

/** The wire name of a channel. */
export type Channel = keyof typeof CHANNEL_SPECS;

/** The wire names of all channels, in the order of {@link CHANNEL_SPECS}. */
export const CHANNELS: readonly Channel[] = Object.keys(CHANNEL_SPECS) as Channel[];

/** The spec of a channel. */
export function specOf(channel: Channel): ChannelSpec {
  return CHANNEL_SPECS[channel];
}

/** The lane of each channel. */
export const LANES: Readonly<Record<Channel, Lane>> = Object.fromEntries(
  CHANNELS.map((channel) => [channel, specOf(channel).lane]),
) as Record<Channel, Lane>;

/** Whether a snapshot is the latest event per key, not the last events. */
export function isReplayedByKey(channel: Channel): boolean {
  return specOf(channel).snapshot === "latest-per-key";
}

const ALIASES: ReadonlyMap<string, Channel> = new Map(
  CHANNELS.flatMap((channel) => specOf(channel).aliases.map((alias) => [alias, channel] as const)),
);

const KNOWN: ReadonlySet<string> = new Set(CHANNELS);

/**
 * Resolves a channel name in any accepted spelling: any case, dots or underscores for dashes,
 * singular for plural (`trader.status`, `POSITION`, `risk_alert`).
 *
 * @returns The wire name, or `undefined` when no channel is meant.
 */
export function parseChannel(name: string): Channel | undefined {
  if (KNOWN.has(name)) return name as Channel;
  const dashed = name.trim().toLowerCase().replaceAll(/[._]/g, "-");
  if (KNOWN.has(dashed)) return dashed as Channel;
  return ALIASES.get(dashed);
}

/** The result of resolving a list of channel names. */
export interface ChannelSelection {
  /** The channels that were recognised, without repeats, in the order asked for. */
  readonly known: readonly Channel[];
  /** The names that mean no channel, as they were written. */
  readonly unknown: readonly string[];
}

/** Resolves a list of names; the known ones can be used even when others are not. */
export function selectChannels(names: readonly string[]): ChannelSelection {
  const known = new Set<Channel>();
  const unknown: string[] = [];
  for (const name of names) {
    const channel = parseChannel(name);
    if (channel === undefined) unknown.push(name);
    else known.add(channel);
  }
  return { known: [...known], unknown };
}

/** A channel name in any accepted spelling, resolved to its wire name. */
export const ChannelName: z.ZodType<Channel, string> = z.string().transform((name, context) => {
  const channel = parseChannel(name);
  if (channel !== undefined) return channel;
  context.addIssue({
    code: "custom",
    message: `unknown channel; use one of ${CHANNELS.join(", ")}`,
  });
  return z.NEVER;
});
