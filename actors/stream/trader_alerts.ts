/**
 * The last ids of each trader on a lossless channel, with the latest event of each: what the snapshot
 * of a key is made of that is limited to traders.
 *
 * The last ids of the channel would not do: those of one busy trader push out all others, and an id
 * that two traders use is only held with the event of one.
 *
 * @module
 */
import type { ChannelSpec } from "../../protocol/channels.ts";
import type { LoggedEvent } from "./channel_log.ts";
import { MAX_RECENT_BYTES, RecentKeys } from "./recent_keys.ts";
import { traderOf } from "./row_filter.ts";

/** Most events held for all traders together; beyond it the trader goes that was quiet for longest. */
export const MAX_TRADER_EVENTS = 50_000;

/** The latest events of the last ids, by trader. */
export class TraderAlerts {
  readonly #spec: ChannelSpec;
  readonly #idsPerTrader: number;
  readonly #maxBytes: number;
  /** The trader that was quiet for longest first; without one for events that name none. */
  readonly #traders = new Map<string | undefined, RecentKeys>();
  #size = 0;
  #bytes = 0;

  /**
   * Starts empty.
   *
   * @param spec Says which field names the trader.
   * @param idsPerTrader Most ids of a trader.
   * @param maxBytes Most bytes of `data`; the trader of the newest event stays in any case.
   */
  constructor(spec: ChannelSpec, idsPerTrader: number, maxBytes: number = MAX_RECENT_BYTES) {
    this.#spec = spec;
    this.#idsPerTrader = idsPerTrader;
    this.#maxBytes = maxBytes;
  }

  /** Events held. */
  get size(): number {
    return this.#size;
  }

  /** Makes an event the latest of its trader and key; its number is above every earlier one. */
  put(event: LoggedEvent): void {
    const trader = traderOf(event, this.#spec);
    const recent = this.#traders.get(trader) ?? new RecentKeys(this.#idsPerTrader);
    this.#count(recent, -1);
    recent.put(event);
    this.#count(recent, 1);
    this.#traders.delete(trader);
    this.#traders.set(trader, recent);
    for (const [oldest, events] of this.#traders) {
      if (this.#size <= MAX_TRADER_EVENTS && this.#bytes <= this.#maxBytes) break;
      if (this.#traders.size === 1) break;
      this.#traders.delete(oldest);
      this.#count(events, -1);
    }
  }

  /** Every event held, in the order of numbers. */
  all(): LoggedEvent[] {
    return [...this.#traders.values()]
      .flatMap((recent) => recent.newest(Infinity, Infinity))
      .sort((one, other) => one.seq - other.seq);
  }

  #count({ size, bytes }: RecentKeys, sign: 1 | -1): void {
    this.#size += sign * size;
    this.#bytes += sign * bytes;
  }
}
