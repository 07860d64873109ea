/**
 * The trades that were closed since a moment, with what they came to.
 *
 * @module
 */
import type { ChannelData } from "../../../protocol/client/mod.ts";
import { signOf } from "./decimal.ts";
import { KeyedSum } from "./keyed_sum.ts";

/** The last event of a position. */
export type ClosedPosition = ChannelData["positions"];

/** Most trades that are kept; the oldest leave. */
export const MAX_CLOSED_TRADES = 5_000;

/** See the module. */
export class ClosedTrades {
  readonly #trades = new Map<string, ClosedPosition>();
  readonly #realized = new KeyedSum();
  #winners = 0;
  #since: number;

  /** Keeps what is closed at or after a moment, epoch ms. */
  constructor(since: number) {
    this.#since = since;
  }

  /** The trades by their keys. */
  get trades(): ReadonlyMap<string, ClosedPosition> {
    return this.#trades;
  }

  /** What they came to, as a decimal string; trades that do not say so count nothing. */
  get realized(): string {
    return this.#realized.text;
  }

  /** How many ended with a gain. */
  get winners(): number {
    return this.#winners;
  }

  /** Takes an event of a position; what is not closed, too old or known already changes nothing. */
  add(position: ClosedPosition): boolean {
    if (position.status !== "CLOSED" || position.timestamp < this.#since) return false;
    const key = keyOf(position);
    if (this.#trades.has(key)) return false;
    this.#trades.set(key, position);
    this.#realized.set(key, position.realizedPnL);
    if (isWinner(position)) this.#winners += 1;
    if (this.#trades.size > MAX_CLOSED_TRADES) this.#drop(this.#oldest());
    return true;
  }

  /** Forgets what was closed before a moment, epoch ms: yesterday's. */
  begin(since: number): void {
    this.#since = since;
    for (const [key, { timestamp }] of this.#trades) if (timestamp < since) this.#drop(key);
  }

  #drop(key: string): void {
    if (isWinner(this.#trades.get(key)!)) this.#winners -= 1;
    this.#trades.delete(key);
    this.#realized.delete(key);
  }

  #oldest(): string {
    let found: [string, ClosedPosition] | undefined;
    for (const entry of this.#trades) {
      if (found === undefined || entry[1].timestamp < found[1].timestamp) found = entry;
    }
    return found![0];
  }
}

/** An id may be opened and closed again: the time belongs to the trade. */
export function keyOf({ id, timestamp }: ClosedPosition): string {
  return `${id}@${timestamp}`;
}

function isWinner({ realizedPnL }: ClosedPosition): boolean {
  return realizedPnL !== undefined && signOf(realizedPnL) > 0;
}
