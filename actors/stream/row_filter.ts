/**
 * Which events the holder of a key sees that is limited to traders.
 *
 * It is a limit and no wish: what is not known to be of its traders is withheld, removals included.
 * Whose row a removal ends was noted when it was numbered (`log/row_owners.ts`), as was who
 * loses a position that another trader takes over: for that trader's holder it is a removal.
 *
 * @module
 */
import type { ChannelSpec } from "../../protocol/channels.ts";
import { removalData } from "../../protocol/events/mod.ts";
import type { Principal, StoredEvent } from "../ports.ts";
import { attributesOf, type LoggedEvent } from "./logged_event.ts";

/** What a limit judges an event by. */
export interface Row {
  /** The trader that it is of; absent when it names none, or it is not known. */
  readonly trader?: string | undefined;
  /** Whether it ends its key. */
  readonly ends?: StoredEvent["ends"];
}

/** A limit to traders, ready to be asked. */
export class RowFilter {
  /** Equal for limits that admit the same. */
  readonly key: string;
  readonly #traders: ReadonlySet<string>;
  readonly #portfolio: boolean;

  /**
   * Prepares a limit.
   *
   * @param traders The traders whose rows are seen.
   * @param portfolio Whether alerts without a trader and system warnings are seen.
   */
  constructor(traders: ReadonlySet<string>, portfolio: boolean) {
    this.#traders = traders;
    this.#portfolio = portfolio;
    this.key = JSON.stringify([portfolio, ...[...traders].sort()]);
  }

  /** Whether an event is one of the holder's, who may then publish it as well. */
  owns({ rows }: Pick<ChannelSpec, "rows">, { trader, ends }: Row): boolean {
    switch (rows) {
      case "all":
        return true;
      case "portfolio":
        return this.#portfolio;
      case "trader":
        if (trader !== undefined) return this.#traders.has(trader);
        return this.#portfolio && ends !== "removed";
    }
  }

  /** Whether an event that is not the holder's takes a state of the holder's away. */
  loses({ previousTrader }: StoredEvent): boolean {
    return previousTrader !== undefined && this.#traders.has(previousTrader);
  }
}

/** The limit of a principal; `undefined` when it sees every row. */
export function rowFilterOf(
  { traders, portfolio = false }: Pick<Principal, "traders" | "portfolio">,
): RowFilter | undefined {
  return traders && new RowFilter(traders, portfolio);
}

/** The trader whose row an event is, as far as it is known; older stores did not note it. */
export function traderOf(
  event: LoggedEvent,
  { rows, filterFields }: Pick<ChannelSpec, "rows" | "filterFields">,
): string | undefined {
  const { stored } = event;
  if (stored.trader !== undefined) return stored.trader;
  if (rows !== "trader") return undefined;
  if (filterFields.trader === "id") return stored.key;
  return stored.ends === "removed" ? undefined : attributesOf(event, filterFields).traderId;
}

/** What the holder sees whose position an event gives to another trader: its removal. */
export function departureOf(
  { channel, seq, key, timestamp, previousTrader }: StoredEvent,
): StoredEvent {
  return {
    channel,
    seq,
    key,
    ends: "removed",
    timestamp,
    time: new Date(timestamp).toISOString(),
    data: removalData(key),
    ...(previousTrader !== undefined && { trader: previousTrader }),
  };
}
