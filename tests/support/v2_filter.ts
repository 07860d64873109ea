/**
 * Which events a filter lets through, written from the contract: conditions are joined by "and", and
 * one about something that an event does not have does not exclude it.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import { SEVERITIES } from "../../protocol/events/attributes.ts";
import type { Filter } from "../../protocol/v2/client_message.ts";

type Data = Readonly<Record<string, unknown>>;

/** Whether a client with this filter wants an event. */
export function isWanted(filter: Filter | undefined, channel: Channel, data: Data): boolean {
  // What ended must be told whoever held it; a removal has nothing but its id.
  if (filter === undefined || data["removed"] === true) return true;
  const { symbols, traderIds, minSeverity } = filter;
  const trader = channel === "trader-status" ? data["id"] : data["traderId"];
  // A symbol is the same in any case.
  if (symbols !== undefined && isNoneOf(symbols.map(inUpperCase), inUpperCase(data["symbol"]))) {
    return false;
  }
  if (traderIds !== undefined && isNoneOf(traderIds, trader)) return false;
  if (minSeverity === undefined || data["severity"] === undefined) return true;
  return rank(data["severity"]) >= rank(minSeverity);
}

function isNoneOf(values: readonly unknown[], value: unknown): boolean {
  return value !== undefined && value !== null && !values.includes(value);
}

function inUpperCase(value: unknown): unknown {
  return typeof value === "string" ? value.toUpperCase() : value;
}

function rank(severity: unknown): number {
  return SEVERITIES.indexOf(severity as typeof SEVERITIES[number]);
}
