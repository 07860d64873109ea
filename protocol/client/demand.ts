/**
 * What several users of a channel want, as the one subscription that the protocol allows.
 *
 * @module
 */
import type { Channel, Filter } from "./wire_types.ts";
import { TRADER_FIELD } from "./channel_facts.ts";

/** What one user wants of a channel. */
export interface Demand {
  /** Which events; all when absent. */
  readonly filter?: Filter;
  /** Shortest time between two frames, in ms; the gateway's flush interval when absent. */
  readonly intervalMs?: number;
  /** Whether the latest event per key is enough. */
  readonly conflate?: boolean;
}

/** Most values in a list of a filter, as the gateway has it. */
const MAX_FILTER_VALUES = 256;

/** Severities in ascending order. */
const SEVERITIES: readonly Filter["minSeverity"][] = ["INFO", "WARNING", "CRITICAL"];

/** A subscription that gives every user at least what it wants, and as often. */
export function mergeDemands(demands: readonly Demand[]): Demand {
  const filter = mergeFilters(demands.map((demand) => demand.filter ?? {}));
  const intervalMs = Math.min(...demands.map((demand) => demand.intervalMs ?? 0));
  return {
    ...(Object.keys(filter).length > 0 && { filter }),
    ...(intervalMs > 0 && { intervalMs }),
    ...(demands.every((demand) => demand.conflate === true) && { conflate: true }),
  };
}

/** A condition that one of them does not have, or that would be too long, is left out. */
function mergeFilters(filters: readonly Filter[]): Filter {
  const symbols = union(filters.map((filter) => filter.symbols));
  const traderIds = union(filters.map((filter) => filter.traderIds));
  const lowest = Math.min(...filters.map((filter) => severityIndex(filter.minSeverity)));
  const minSeverity = SEVERITIES[lowest];
  return {
    ...(symbols && { symbols }),
    ...(traderIds && { traderIds }),
    ...(lowest > 0 && minSeverity && { minSeverity }),
  };
}

function union(lists: readonly (readonly string[] | undefined)[]): string[] | undefined {
  const values = new Set<string>();
  for (const list of lists) {
    if (list === undefined) return undefined;
    for (const value of list) values.add(value);
  }
  return values.size === 0 || values.size > MAX_FILTER_VALUES ? undefined : [...values].sort();
}

function severityIndex(severity: Filter["minSeverity"]): number {
  return severity === undefined ? 0 : SEVERITIES.indexOf(severity);
}

/**
 * Asks a filter the way the gateway does, for a user who shares a subscription that lets more
 * through: a condition on what an event does not have does not exclude it, and removals always pass.
 */
export function admits(
  filter: Filter | undefined,
  channel: Channel,
  data: Readonly<Record<string, unknown>>,
): boolean {
  if (filter === undefined || data["removed"] === true) return true;
  const { symbols, traderIds, minSeverity } = filter;
  const { symbol, severity } = data;
  if (symbols && typeof symbol === "string") {
    const upper = symbol.toUpperCase();
    if (!symbols.some((wanted) => wanted.toUpperCase() === upper)) return false;
  }
  const traderId = data[TRADER_FIELD[channel] ?? "traderId"];
  if (traderIds && typeof traderId === "string" && !traderIds.includes(traderId)) return false;
  const rank = SEVERITIES.indexOf(severity as Filter["minSeverity"]);
  return rank < 0 || rank >= severityIndex(minSeverity);
}
