/**
 * The times of a tape, in every form that tapes write them.
 *
 * @module
 */

/**
 * How a tape writes its times: units since 1970, ISO-8601, or `compact`, the `YYYYMMDD HHMMSSmmm`
 * of quote files. ISO times without an offset, and compact ones, are taken as UTC.
 */
export type TimeFormat = "s" | "ms" | "us" | "ns" | "iso" | "compact";

/** Every {@link TimeFormat}. */
export const TIME_FORMATS: readonly TimeFormat[] = ["s", "ms", "us", "ns", "iso", "compact"];

/** Power of ten that turns a unit into milliseconds. */
const EXPONENT: Readonly<Record<"s" | "ms" | "us" | "ns", number>> = {
  s: 3,
  ms: 0,
  us: -3,
  ns: -6,
};
/** The end of the year 9999, in epoch ms: the last time that ISO-8601 writes with four digits. */
const LAST_EPOCH_MILLIS = 253_402_300_799_999;

const NUMBER = /^\d{1,19}(\.\d{1,9})?$/;
const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:\d\d|[+-]\d{4})?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)(\d{3})$/;

/**
 * Detects the format of a time. Numbers are told apart by their size: each unit covers
 * the years from 1973 to 2286.
 *
 * @returns `undefined` when it looks like no time at all.
 */
export function detectTimeFormat(text: string): TimeFormat | undefined {
  if (COMPACT.test(text)) return "compact";
  if (ISO.test(text)) return "iso";
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  return value < 1e11 ? "s" : value < 1e14 ? "ms" : value < 1e17 ? "us" : "ns";
}

/**
 * Reads a time.
 *
 * @returns Epoch ms, with the fraction that a double holds; `undefined` when it is not a time of
 * this format between 1970 and 9999.
 */
export function parseTime(text: string, format: TimeFormat): number | undefined {
  const millis = format === "iso"
    ? parseIso(text)
    : format === "compact"
    ? parseCompact(text)
    : NUMBER.test(text)
    // Moving the point in the text rounds once; nanoseconds do not fit a double before it.
    ? Number(`${text}e${EXPONENT[format]}`)
    : NaN;
  return millis >= 0 && millis <= LAST_EPOCH_MILLIS ? millis : undefined;
}

function parseIso(text: string): number {
  const [, date, time, offset] = ISO.exec(text) ?? [];
  if (date === undefined) return NaN;
  // Days that a month does not have are refused rather than carried over into the next.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return NaN;
  return time === undefined ? midnight : Date.parse(`${date}T${time}${colon(offset ?? "Z")}`);
}

/** `+0100` as `+01:00`, the form that `Date.parse` is specified for. */
function colon(offset: string): string {
  return offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset;
}

function parseCompact(text: string): number {
  const [, year, month, day, hour, minute, second, milli] = COMPACT.exec(text) ?? [];
  return parseIso(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`);
}
