/**
 * When a key expires, as people write it.
 *
 * @module
 */

const UNIT_MILLIS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** The last instant that can be written with four digits of year. */
const LAST_MILLIS = Date.UTC(10_000, 0) - 1;

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** What is accepted, for people. */
export const EXPIRY_FORMS = "a time from now such as 90d, 12h, 30m or 4w, or a date such as " +
  "2027-01-31 or 2027-01-31T18:00:00Z (a date alone is its beginning in UTC)";

/**
 * Reads an expiry: `90d`, or an ISO date.
 *
 * @param now Epoch ms.
 * @returns ISO-8601 in UTC, or `undefined` when it is neither or not in the future.
 */
export function parseExpiry(text: string, now: number): string | undefined {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const millis = count !== undefined
    ? now + Number(count) * UNIT_MILLIS[unit as keyof typeof UNIT_MILLIS]
    : DATE.test(text) && isDay(text.slice(0, 10))
    ? Date.parse(text)
    : NaN;
  return millis > now && millis <= LAST_MILLIS ? new Date(millis).toISOString() : undefined;
}

/** Whether a day exists: the engine takes 31 February for a day of March. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
