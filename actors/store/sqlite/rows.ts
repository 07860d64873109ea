/**
 * Events as rows and back.
 *
 * @module
 */
import type { Channel } from "../../../protocol/channels.ts";
import type { StoredEvent } from "../../ports.ts";
import { checksumOf } from "./checksum.ts";

/** The columns of an event, in the order of {@link toRow}. */
export const EVENT_COLUMNS =
  "seq, key, ends, timestamp, time, data, checksum, trader, previous_trader";

/** Placeholders for {@link EVENT_COLUMNS}. */
export const EVENT_VALUES = "?, ?, ?, ?, ?, ?, ?, ?, ?";

/** A row as SQLite returns it. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * A text from outside as it is kept: the inside of a JSON string. An identifier may hold any
 * character, but SQLite cannot keep a lone surrogate, and `node:sqlite` reads no further than a NUL.
 */
export function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** What {@link escape} was given. */
export function unescape(text: string): string {
  return text.includes("\\") ? JSON.parse(`"${text}"`) : text;
}

/** The values of {@link EVENT_COLUMNS}. */
export function toRow(
  event: StoredEvent,
): [
  number,
  string,
  string | null,
  number,
  string,
  string,
  number,
  string | null,
  string | null,
] {
  const { seq, ends = null, timestamp, time, data } = event;
  const key = escape(event.key);
  const checksum = checksumOf(seq, key, ends, timestamp, time, data);
  const trader = escapeOptional(event.trader);
  const previousTrader = escapeOptional(event.previousTrader);
  return [seq, key, ends, timestamp, time, data, checksum, trader, previousTrader];
}

function escapeOptional(text: string | undefined): string | null {
  return text === undefined ? null : escape(text);
}

/** The event of a row of {@link EVENT_COLUMNS} that was found to be sound. */
export function toEvent(channel: Channel, row: Row): StoredEvent {
  const { seq, key, ends, timestamp, time, data, trader, previous_trader: previousTrader } = row;
  return {
    channel,
    seq,
    key: unescape(key as string),
    ...(ends !== null && { ends }),
    timestamp,
    time,
    data,
    ...(trader !== null && { trader: unescape(trader as string) }),
    ...(previousTrader !== null && { previousTrader: unescape(previousTrader as string) }),
  } as StoredEvent;
}
