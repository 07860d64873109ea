/**
 * The fields of an event that filters read.
 *
 * @module
 */
import type { FilterFields } from "../channels.ts";

/** Severities in ascending order. */
export const SEVERITIES = ["INFO", "WARNING", "CRITICAL"] as const;

/** The fields that filters read; absent when an event does not have them. */
export interface EventAttributes {
  /** In upper case. */
  readonly symbol?: string;
  /** The trader that it is about. */
  readonly traderId?: string;
  /** Index in {@link SEVERITIES}. */
  readonly severity?: number;
}

/** Takes the attributes from the outgoing `data` of an event. */
export function readAttributes(
  data: Readonly<Record<string, unknown>>,
  fields: FilterFields,
): EventAttributes {
  const read = (field: string | undefined) => field === undefined ? undefined : data[field];
  const symbol = read(fields.symbol);
  const traderId = read(fields.trader);
  const given = read(fields.severity);
  const severity = given === undefined ? -1 : SEVERITIES.findIndex((name) => name === given);
  return {
    ...(typeof symbol === "string" && { symbol: symbol.toUpperCase() }),
    ...(typeof traderId === "string" && { traderId }),
    ...(severity >= 0 && { severity }),
  };
}

/** The second of two equal attributes gives way to the first, so that memory holds them once. */
export function shareAttributes(
  known: EventAttributes | undefined,
  attributes: EventAttributes | undefined,
): EventAttributes | undefined {
  if (known === undefined || attributes === undefined) return attributes;
  const { symbol, traderId, severity } = attributes;
  const same = known.symbol === symbol && known.traderId === traderId &&
    known.severity === severity;
  return same ? known : attributes;
}
