/**
 * Numbers events: contiguous per channel, from the store's head on.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { Store } from "../ports.ts";

/** Hands out the next number of each channel. */
export class Sequencer {
  readonly #store: Store;
  /** The last number handed out; absent where that is the store's head. */
  readonly #heads = new Map<Channel, number>();

  /** Starts where the store ends. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** The next number of a channel. */
  next(channel: Channel): number {
    const seq = (this.#heads.get(channel) ?? this.#store.head(channel).seq) + 1;
    this.#heads.set(channel, seq);
    return seq;
  }

  /** Takes back every number that was not committed: the next ones follow the store's head. */
  rewind(): void {
    this.#heads.clear();
  }
}
