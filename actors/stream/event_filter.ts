/**
 * Which events of a channel a v2 client wants.
 *
 * @module
 */
import type { FilterFields } from "../../protocol/channels.ts";
import { SEVERITIES } from "../../protocol/events/attributes.ts";
import type { Filter } from "../../protocol/v2/client_message.ts";
import { attributesOf, type LoggedEvent } from "./logged_event.ts";

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
