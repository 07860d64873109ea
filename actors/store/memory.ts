/**
 * The store that forgets with the process: a new epoch at every start.
 *
 * @module
 */
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { ChannelHead, Store, StoredEvent } from "../ports.ts";

/** Keeps the newest events of each channel in memory. */
export class MemoryStore implements Store {
  /** `memory` */
  readonly kind = "memory";
  readonly #epoch: string;
  readonly #capacity: number;
  readonly #events = new Map<Channel, StoredEvent[]>(CHANNELS.map((channel) => [channel, []]));

  /**
   * Starts empty.
   *
   * @param capacity Events kept per channel, at least 1; twice as many are held at most.
   * @param epoch Identity of all sequences; made up when absent.
   */
  constructor(capacity: number, epoch: string = randomEpoch()) {
    this.#capacity = capacity;
    this.#epoch = epoch;
  }

  /** The epoch of this process and the last number. */
  head(channel: Channel): ChannelHead {
    return { epoch: this.#epoch, seq: this.#events.get(channel)!.at(-1)?.seq ?? 0 };
  }

  /** Keeps a batch. It cannot fail. */
  commit(batch: readonly StoredEvent[]): Promise<void> {
    for (const event of batch) {
      const events = this.#events.get(event.channel)!;
      events.push(event);
      // Trimmed in large steps, so that a commit moves each event once on average.
      if (events.length >= this.#capacity * 2) events.splice(0, events.length - this.#capacity);
    }
    return Promise.resolve();
  }

  /** Events after a number, as far back as they are held. */
  read(channel: Channel, afterSeq: number, limit: number): readonly StoredEvent[] | undefined {
    const events = this.#events.get(channel)!;
    const oldest = events[0]?.seq ?? 1;
    if (afterSeq + 1 < oldest) return undefined;
    const start = afterSeq + 1 - oldest;
    return events.slice(start, start + limit);
  }

  /** Nothing to release. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A sequence identity that no other start of the store has: 48 random bits, in hex. */
function randomEpoch(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}
