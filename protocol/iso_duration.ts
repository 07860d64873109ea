/**
 * ISO-8601 durations as the trading core writes them (`PT15S`).
 *
 * @module
 */
import { z } from "zod";

/** An ISO-8601 duration, for example `PT15S` or `P1DT2H`. */
export const IsoDuration: z.ZodISODuration = z.iso.duration(
  "expected an ISO-8601 duration such as PT15S",
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
