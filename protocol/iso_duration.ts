/**
 * ISO-8601 durations as the trading core writes them (`PT15S`).
 *
 * @module
 */
import { z } from "zod";

/**
 * What `java.time.Duration.parse` takes, in capitals: days, hours, minutes and seconds, each with a
 * sign of its own or one before all; a fraction on the seconds of at most nine digits. No years,
 * months or weeks. Digits are bounded so that no sum overflows a 64-bit count of seconds.
 */
export const JAVA_DURATION: RegExp = new RegExp(
  "^[-+]?P(?=[-+\\dT])(?:[-+]?\\d{1,9}D)?(?:T(?=[-+\\d])(?:[-+]?\\d{1,15}H)?" +
    "(?:[-+]?\\d{1,15}M)?(?:[-+]?\\d{1,15}(?:[.,]\\d{0,9})?S)?)?$",
);

/** An ISO-8601 duration as Java's `Duration` writes it, for example `PT15S`, `P1DT2H` or `PT-1.5S`. */
export const IsoDuration: z.ZodString = z.string().regex(
  JAVA_DURATION,
  "expected an ISO-8601 duration of days to seconds such as PT15S; no years, months or weeks",
);

/**
 * Writes a duration the way `java.time.Duration.toString` does: hours, minutes and seconds, days
 * counted as hours, zero as `PT0S`.
 *
 * @param milliseconds A duration of 0 ms or more; fractions of a millisecond are cut off.
 */
export function formatIsoDuration(milliseconds: number): string {
  const total = Math.trunc(milliseconds);
  const hours = Math.trunc(total / 3_600_000);
  const minutes = Math.trunc(total / 60_000) % 60;
  const seconds = (total % 60_000) / 1_000;
  const time = `${hours > 0 ? `${hours}H` : ""}${minutes > 0 ? `${minutes}M` : ""}${
    seconds > 0 ? `${seconds}S` : ""
  }`;
  return time === "" ? "PT0S" : `PT${time}`;
}
