/**
 * Which alerts nobody has taken, and in what order they are shown.
 *
 * @module
 */
import type { ChannelData } from "../../../protocol/client/mod.ts";

/** The latest event of an alert. */
export type Alert = ChannelData["risk-alerts"];

/** The severities, the worst first. */
export const SEVERITIES = ["CRITICAL", "WARNING", "INFO"] as const;

/** Whether somebody still has to look at it: cores end alerts with a status of their own. */
export function isUnacknowledged({ status }: Alert): boolean {
  return status === "ACTIVE";
}

/** The alerts that nobody has taken, the worst first, of those the latest. */
export function unacknowledged(alerts: ReadonlyMap<string, Alert>): Alert[] {
  return [...alerts.values()].filter(isUnacknowledged).sort(byUrgency);
}

/** The order of alerts: those that nobody has taken, then by severity, then the latest. */
export function byUrgency(one: Alert, other: Alert): number {
  return Number(isUnacknowledged(other)) - Number(isUnacknowledged(one)) ||
    SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
    other.timestamp - one.timestamp;
}

/** Since when somebody should have looked: the time of the oldest, epoch ms. */
export function oldestOf(alerts: readonly Alert[]): number | undefined {
  return alerts.length === 0 ? undefined : Math.min(...alerts.map(({ timestamp }) => timestamp));
}
