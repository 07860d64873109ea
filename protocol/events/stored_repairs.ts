/**
 * What version 0.1.0 of 2026-11-23 and earlier ones stored otherwise than it is stored today, by
 * kind of payload.
 *
 * @module
 */
import { JAVA_DURATION } from "../iso_duration.ts";
import { MAX_COUNT } from "./fields.ts";

/** The fields of a payload. */
export type Fields = Record<string, unknown>;

/** How the payloads of a channel are brought to today's form. */
export interface StoredRepair {
  /** Whether a payload may be in an earlier form, judged by its JSON text. */
  readonly suspects: (data: string) => boolean;
  /** Brings a payload to today's form; may change what it is given. */
  readonly apply: (payload: Fields) => Fields;
}

/** A second with more than nine digits of fraction, which `java.time.Instant` does not parse. */
export const TOO_FINE = /(\.\d{9})\d+/;

/** A number or boolean as the value of a key. Within JSON text the quote would be escaped. */
const BARE_VALUE = /":(?:[-\d]|true|false)/;

/** Beginning of an alert that says whose it is. */
const HAS_TRADER = /^\{"id":"(?:[^"\\]|\\.)*","traderId":/;

/** Alerts: `traderId: null` when there was none, details as text. */
export const REPAIR_ALERT: StoredRepair = {
  suspects: (data) => hasBareDetails(data) || !HAS_TRADER.test(data),
  apply: (payload) => {
    if (Array.isArray(payload["violations"])) {
      for (const one of payload["violations"]) one["details"] = textDetails(one["details"]);
    }
    const { id, ...rest } = payload;
    return { id, traderId: null, ...rest };
  },
};

/** Warnings: details as text. */
export const REPAIR_WARNING: StoredRepair = {
  suspects: hasBareDetails,
  apply: (payload) => {
    payload["details"] = textDetails(payload["details"]);
    return payload;
  },
};

/**
 * Traders: metrics with counts of 32 bits and consistent in themselves, a loss without sign, no
 * negative profit, `winRate` from 0 to 1, `uptime` as Java parses it, `lastSignalAction` one of four
 * or absent.
 */
export const REPAIR_TRADER: StoredRepair = {
  suspects: (data) => data.includes('"metrics":{'),
  apply: (payload) => {
    if (isObject(payload["metrics"])) normaliseMetrics(payload["metrics"]);
    return payload;
  },
};

/** Whether a value other than text or `null` stands before `timestamp`, which is last. */
function hasBareDetails(data: string): boolean {
  const first = data.search(BARE_VALUE);
  return first >= 0 && first < data.lastIndexOf('"timestamp":');
}

function textDetails(details: unknown): unknown {
  if (!isObject(details)) return details;
  const entries = Object.entries(details).map(([name, value]) =>
    [name, value === null ? null : String(value)] as const
  );
  return Object.fromEntries(entries);
}

function normaliseMetrics(metrics: Fields): void {
  normaliseCounts(metrics);
  const { totalProfit, totalLoss, uptime, startTime, lastSignalTime, lastSignalAction } = metrics;
  if (isNegative(totalProfit)) metrics["totalProfit"] = "0";
  // Publishers wrote a loss with either sign; its amount is what it means.
  if (isNegative(totalLoss)) metrics["totalLoss"] = totalLoss.slice(1);
  if (typeof uptime === "string") metrics["uptime"] = javaDuration(uptime);
  if (typeof startTime === "string") metrics["startTime"] = startTime.replace(TOO_FINE, "$1");
  if (typeof lastSignalTime === "string") {
    metrics["lastSignalTime"] = lastSignalTime.replace(TOO_FINE, "$1");
  }
  if (typeof lastSignalAction !== "string") return;
  const action = /^(?:BUY|SELL|HOLD|CLOSE)/.exec(lastSignalAction.toUpperCase())?.[0];
  if (action === undefined) delete metrics["lastSignalAction"];
  else metrics["lastSignalAction"] = action;
}

function normaliseCounts(metrics: Fields): void {
  for (const name of ["signalsExecuted", "closeSignalsExecuted"]) {
    metrics[name] = atMost(metrics[name], MAX_COUNT);
  }
  const wins = atMost(metrics["winningTrades"], MAX_COUNT);
  const losses = atMost(metrics["losingTrades"], MAX_COUNT - wins);
  const total = Math.max(atMost(metrics["totalTrades"], MAX_COUNT), wins + losses);
  metrics["winningTrades"] = wins;
  metrics["losingTrades"] = losses;
  metrics["totalTrades"] = total;
  const rate = metrics["winRate"];
  const valid = typeof rate === "number" && rate >= 0 && rate <= 1;
  if (!valid) metrics["winRate"] = total === 0 ? 0 : wins / total;
}

function atMost(count: unknown, max: number): number {
  return typeof count === "number" ? Math.min(count, max) : 0;
}

function isNegative(amount: unknown): amount is string {
  return typeof amount === "string" && /^-.*[1-9]/.test(amount);
}

const UNIT_SECONDS = [
  ["weeks", 604_800],
  // The estimates of `java.time.temporal.ChronoUnit`: a year of 365.2425 days, a twelfth of it.
  ["years", 31_556_952],
  ["months", 2_629_746],
  ["days", 86_400],
  ["hours", 3_600],
  ["minutes", 60],
  ["seconds", 1],
] as const;

const CALENDAR_DURATION =
  /^P(?:(?<weeks>\d+)W)?(?:(?<years>\d+)Y)?(?:(?<months>\d+)M)?(?:(?<days>\d+)D)?(?:T(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+)(?:[.,](?<fraction>\d{1,9})\d*)?S)?)?$/;

/** Most seconds of a duration, see `JAVA_DURATION`. */
const MAX_SECONDS = 999_999_999_999_999;

/** A duration with years, months or weeks in seconds; none when it cannot be read or held. */
function javaDuration(text: string): string {
  if (JAVA_DURATION.test(text)) return text;
  const parts = CALENDAR_DURATION.exec(text)?.groups ?? {};
  const total = UNIT_SECONDS.reduce(
    (sum, [unit, seconds]) => sum + Number(parts[unit] ?? 0) * seconds,
    0,
  );
  if (total > MAX_SECONDS) return "PT0S";
  return parts["fraction"] === undefined ? `PT${total}S` : `PT${total}.${parts["fraction"]}S`;
}

/** Whether a value from JSON is an object. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
