/**
 * The fields of an event that filters read.
 *
 * @module
 */
import type { FilterFields } from "../../protocol/channels.ts";
import { SEVERITIES } from "../../protocol/v2/client_message.ts";
import type { StoredEvent } from "../ports.ts";
import type { LoggedEvent } from "./logged_event.ts";

/** The fields that filters read; absent when an event does not have them. */
export interface EventAttributes {
  /** In upper case. */
  readonly symbol?: string;
  /** The trader that it is about. */
  readonly traderId?: string;
  /** Index in {@link SEVERITIES}. */
  readonly severity?: number;
}

/** Read once per event, when the first filter asks. */
export function attributesOf(event: LoggedEvent, fields: FilterFields): EventAttributes {
  return event.attributes ??= readAttributes(event.stored, fields);
}

function readAttributes({ data }: StoredEvent, fields: FilterFields): EventAttributes {
  const payload = JSON.parse(data) as Readonly<Record<string, unknown>>;
  const read = (field: string | undefined) => field === undefined ? undefined : payload[field];
  const symbol = read(fields.symbol);
  const traderId = read(fields.trader);
  const given = read(fields.severity);
  const severity = SEVERITIES.findIndex((name) => name === given);
  return {
    ...(typeof symbol === "string" && { symbol: symbol.toUpperCase() }),
    ...(typeof traderId === "string" && { traderId }),
    ...(severity >= 0 && { severity }),
  };
}
