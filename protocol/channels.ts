/**
 * The channels of the gateway, their lanes, and every spelling of their names that clients use.
 *
 * @module
 */
import { z } from "zod";

/**
 * Every channel by its wire name, in the order in which fan-out serves them: lossless lanes first,
 * then keyed, then sampled, so that an alert never waits behind market data.
 */
export const CHANNELS = [
  "risk-alerts",
  "system-warnings",
  "trader-status",
  "positions",
  "market-data",
] as const;

/** The wire name of a channel. */
export type Channel = (typeof CHANNELS)[number];

/**
 * What may be shed on a channel when a connection is slow or over its rate.
 *
 * - `lossless`: nothing.
 * - `keyed`: superseded states of an id; the final state always arrives.
 * - `sampled`: superseded values of a key, at the pace of the client.
 */
export type Lane = "lossless" | "keyed" | "sampled";

/** The lane of each channel. */
export const LANES: Readonly<Record<Channel, Lane>> = {
  "risk-alerts": "lossless",
  "system-warnings": "lossless",
  "trader-status": "keyed",
  "positions": "keyed",
  "market-data": "sampled",
};

/**
 * Whether a snapshot is the latest event per key. `system-warnings` are single notices, of which the
 * last ones count; an alert is emitted again and again while its condition lasts.
 */
export function isReplayedByKey(channel: Channel): boolean {
  return channel !== "system-warnings";
}

/** Singular spellings that deployed clients send, after dots and underscores became dashes. */
const SINGULAR: Readonly<Record<string, Channel>> = {
  "risk-alert": "risk-alerts",
  "system-warning": "system-warnings",
  "position": "positions",
};

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
  return Object.hasOwn(SINGULAR, dashed) ? SINGULAR[dashed] : undefined;
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
