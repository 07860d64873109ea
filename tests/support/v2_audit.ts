/**
 * What must hold for the books of a v2 client that is at the head, against what the gateway has.
 *
 * @module
 */
import { type Channel, CHANNEL_SPECS, CHANNELS } from "../../protocol/channels.ts";
import type { EventV2 } from "../../protocol/v2/server_message.ts";
import type { ChannelLedger } from "./v2_channel_ledger.ts";
import { isWanted } from "./v2_filter.ts";

/** Channels that have a table. */
export const TABLES: readonly Channel[] = CHANNELS.filter((one) =>
  CHANNEL_SPECS[one].lane !== "lossless"
);

/** What the gateway has. */
export interface Truth {
  /** Identity of each channel's sequence. */
  readonly epochs: Readonly<Record<string, string>>;
  /** The head of each channel. */
  readonly heads: Readonly<Record<string, number>>;
  /** Every alert by number, from the first one on. */
  readonly alerts: readonly EventV2[];
  /** The latest state of every key. */
  readonly tables: ReadonlyMap<Channel, ReadonlyMap<string, EventV2>>;
}

/** What is wrong with the books of a channel, in words. */
export function auditBooks(books: ChannelLedger, truth: Truth): string[] {
  const faults = auditRanges(books, truth);
  return CHANNEL_SPECS[books.channel].lane === "lossless"
    ? [...faults, ...auditDelivered(books, truth)]
    : [...faults, ...auditTable(books, truth)];
}

/** Ranges follow each other without a hole, or rise over a rebase; the last one ends at the head. */
function auditRanges(
  { channel, ranges, tally }: ChannelLedger,
  { epochs, heads }: Truth,
): string[] {
  const faults: string[] = [];
  ranges.forEach((range, index) => {
    const before = ranges[index - 1];
    if (range.epoch !== epochs[channel]) faults.push(`${channel}: epoch ${range.epoch}`);
    if (before !== undefined && range.from <= before.to) {
      faults.push(`${channel}: ${range.from} after ${before.to}`);
    }
  });
  const last = ranges.at(-1);
  if (last?.to !== heads[channel]) faults.push(`${channel}: at ${last?.to} of ${heads[channel]}`);
  const numbers = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const { delivered, skipped, filtered } = tally;
  if (delivered + skipped + filtered !== numbers) {
    faults.push(`${channel}: ${numbers} numbers, but ${delivered} + ${skipped} + ${filtered}`);
  }
  return faults;
}

/** Every alert of the client's ranges that it wants, once, and nothing else. */
function auditDelivered({ ranges, delivered, filter }: ChannelLedger, { alerts, epochs }: Truth) {
  const expected = ranges.flatMap(({ from, to }) => alerts.slice(from - 1, to))
    .filter(({ data }) => isWanted(filter, "risk-alerts", data));
  const faults: string[] = [];
  for (const alert of expected) {
    const got = delivered.get(`${epochs["risk-alerts"]}:${alert.seq}`);
    if (got === undefined) faults.push(`alert ${alert.seq} is missing`);
    else if (!isSame(got, alert)) faults.push(`alert ${alert.seq} is another`);
  }
  if (delivered.size !== expected.length) {
    faults.push(`${delivered.size} alerts instead of ${expected.length}`);
  }
  return faults;
}

/** The client's table is the gateway's, through the client's filter, so far as it was told. */
function auditTable(books: ChannelLedger, { tables }: Truth): string[] {
  const { channel, table, filter, knowsFrom } = books;
  const expected = [...tables.get(channel)!].filter(([, { seq, data }]) =>
    seq >= knowsFrom && isWanted(filter, channel, data)
  );
  const faults = expected.flatMap(([id, event]) => {
    const got = table.get(id);
    if (got === undefined) return [`${channel}: ${id} is missing`];
    return isSame(got, event) ? [] : [`${channel}: ${id} is at ${got.seq}, not ${event.seq}`];
  });
  const known = new Set(expected.map(([id]) => id));
  const ghosts = [...table.keys()].filter((id) => !known.has(id));
  return [...faults, ...ghosts.map((id) => `${channel}: ${id} is a ghost`)];
}

function isSame(one: EventV2, other: EventV2): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
