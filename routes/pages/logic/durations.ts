/**
 * Ages and durations in words.
 *
 * @module
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age in one unit: `0.3 s`, `14 s`, `3 min`, `2 h`, `5 d`. Below 0 it is 0. */
export function formatAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  if (age < 10 * SECOND) return `${(Math.floor(age / 100) / 10).toFixed(1)} s`;
  return formatWholeAge(age);
}

/** An age in one unit without fractions: what is shown once a second. */
export function formatWholeAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)} h`;
  return `${Math.floor(age / DAY)} d`;
}

/** A duration by the clock: `0:42`, `18:40:05`, `2 d 04:12`. */
export function formatDuration(milliseconds: number): string {
  const total = Math.floor(Math.max(0, milliseconds) / SECOND);
  const [days, hours] = [Math.floor(total / 86_400), Math.floor(total / 3_600) % 24];
  const [minutes, seconds] = [Math.floor(total / 60) % 60, total % 60];
  const two = (value: number) => `${value}`.padStart(2, "0");
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`;
  return `${minutes}:${two(seconds)}`;
}

const ISO = /^([-+]?)P(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?[\d.,]+)S)?)?$/;

/** The milliseconds of an ISO-8601 duration of days to seconds; `undefined` for anything else. */
export function parseIsoDuration(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, sign, days, hours, minutes, seconds] = match;
  const value = (part: string | undefined) => Number((part ?? "0").replace(",", "."));
  const sum = value(days) * DAY + value(hours) * HOUR + value(minutes) * MINUTE +
    value(seconds) * SECOND;
  return sign === "-" ? -sum : sum;
}
