/**
 * Times of day, local or UTC, with their zone.
 *
 * @module
 */

/** Whose time is shown. */
export type Zone = "local" | "utc";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, key: string, options: Intl.DateTimeFormatOptions, at: number): string {
  const name = `${zone} ${key}`;
  let known = formats.get(name);
  if (known === undefined) {
    known = new Intl.DateTimeFormat("en-GB", {
      ...options,
      ...(zone === "utc" && { timeZone: "UTC" }),
    });
    formats.set(name, known);
  }
  return known.format(at);
}

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;

/** The time of day, `14:02:11`. */
export function formatTime(epochMillis: number, zone: Zone): string {
  return format(zone, "time", TIME, epochMillis);
}

/** Date and time, `2026-11-28 14:02:11`. */
export function formatDateTime(epochMillis: number, zone: Zone): string {
  const date = format(
    zone,
    "date",
    { year: "numeric", month: "2-digit", day: "2-digit" },
    epochMillis,
  );
  return `${date.split("/").reverse().join("-")} ${formatTime(epochMillis, zone)}`;
}

/** The name of the zone, `UTC` or `GMT+1`. */
export function zoneName(zone: Zone, epochMillis: number): string {
  if (zone === "utc") return "UTC";
  const format = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
  return format.formatToParts(epochMillis).find(({ type }) => type === "timeZoneName")!.value;
}

/** The beginning of the day of a moment, epoch ms. */
export function startOfDay(epochMillis: number, zone: Zone): number {
  const date = new Date(epochMillis);
  return zone === "utc" ? date.setUTCHours(0, 0, 0, 0) : date.setHours(0, 0, 0, 0);
}
