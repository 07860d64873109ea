/**
 * A checksum over each stored event, by which a changed bit is found when the event is read.
 *
 * SQLite checks the structure of its pages and not what is in them: a bit that flips on the disk
 * inside the text of an event passes `quick_check` and comes out as another price, or as JSON that
 * nobody can parse. The checksum is FNV-1a of 32 bits over UTF-16 code units: every step is
 * reversible, so that a change of one unit always changes the result, and any other change goes
 * unnoticed once in four billion. It costs 0.6 µs for an event of 300 characters, beside 8–10 for
 * storing it. `node:zlib` has a faster CRC-32, which on Deno 2.4.2 gives different results for the same text
 * once it was compiled.
 *
 * Rows that an earlier version wrote have none. Their `data` is checked to be JSON at least.
 *
 * @module
 */
import type { Row } from "./rows.ts";

/** Where FNV-1a begins, and what it multiplies with (http://www.isthe.com/chongo/tech/comp/fnv/). */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** The checksum over the columns of an event, as they are stored: 0 to 2³² − 1. */
export function checksumOf(
  seq: number,
  key: string,
  ends: string | null,
  timestamp: number,
  time: string,
  data: string,
): number {
  const head = `${seq}\n${key}\n${ends ?? ""}\n${timestamp}\n${time}\n`;
  return fold(data, fold(head, OFFSET)) >>> 0;
}

function fold(text: string, start: number): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

/** Whether a row is unchanged since it was written; without a checksum, whether its data is JSON. */
export function isSound(row: Row): boolean {
  const { seq, key, ends, timestamp, time, data, checksum } = row as {
    seq: number;
    key: string;
    ends: string | null;
    timestamp: number;
    time: string;
    data: string;
    checksum: number | null;
  };
  if (checksum === null) return isJson(data);
  return checksum === checksumOf(seq, key, ends, timestamp, time, data);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
