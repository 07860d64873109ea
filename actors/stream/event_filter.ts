/**
 * Which events of a channel a v2 client wants.
 *
 * @module
 */
import type { FilterFields } from "../../protocol/channels.ts";
import { type Filter, SEVERITIES } from "../../protocol/v2/client_message.ts";
import type { LoggedEvent } from "./channel_log.ts";
import type { StoredEvent } from "../ports.ts";

/** The fields that filters read; absent when an event does not have them. */
export interface EventAttributes {
  /** In upper case. */
  readonly symbol?: string;
  /** The trader that it is about. */
  readonly traderId?: string;
  /** Index in {@link SEVERITIES}. */
  readonly severity?: number;
}

/** A filter, ready to be asked. */
export class EventFilter {
  /** Equal for filters that admit the same. */
  readonly key: string;
  readonly #symbols: ReadonlySet<string> | undefined;
  readonly #traderIds: ReadonlySet<string> | undefined;
  readonly #minSeverity: number;
  readonly #fields: FilterFields;

  /**
   * Prepares a filter.
   *
   * @param fields What it compares, from the spec of its channel.
   */
  constructor({ symbols, traderIds, minSeverity }: Filter, fields: FilterFields) {
    this.#fields = fields;
    this.#symbols = symbols && new Set(symbols.map((symbol) => symbol.toUpperCase()).sort());
    this.#traderIds = traderIds && new Set([...traderIds].sort());
    this.#minSeverity = minSeverity === undefined ? 0 : SEVERITIES.indexOf(minSeverity);
    this.key = JSON.stringify([
      this.#symbols && [...this.#symbols],
      this.#traderIds && [...this.#traderIds],
      this.#minSeverity,
    ]);
  }

  /**
   * Whether the client wants an event. A removal always passes: it has nothing to be judged by, and
   * whoever holds the key must learn that it is gone.
   */
  admits(event: LoggedEvent): boolean {
    if (event.stored.ends === "removed") return true;
    const { symbol, traderId, severity } = attributesOf(event, this.#fields);
    if (symbol !== undefined && this.#symbols?.has(symbol) === false) return false;
    if (traderId !== undefined && this.#traderIds?.has(traderId) === false) return false;
    return severity === undefined || severity >= this.#minSeverity;
  }
}

/** Read once per event, when the first filter asks. */
function attributesOf(event: LoggedEvent, fields: FilterFields): EventAttributes {
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
