/**
 * The store in memory: it is lost with the process, so every start has a new epoch.
 *
 * @module
 */
import { type ChannelSet, PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";
import type {
  RestoredChannel,
  RestoredStore,
  RestoreRequest,
  Store,
  StoredEvent,
  StoredIdentity,
} from "../ports.ts";
import { MemoryStates } from "./memory_states.ts";
import { randomEpoch } from "./random_epoch.ts";

/** Keeps the newest events of each channel in memory. */
export class MemoryStore implements Store {
  /** `memory` */
  readonly kind = "memory";
  readonly #capacity: number;
  /** {@inheritDoc Store.channels} */
  readonly channels: ChannelSet;
  readonly #events = new Map<Channel, StoredEvent[]>();
  readonly #states = new Map<Channel, MemoryStates>();
  #identities: StoredIdentity[] = [];
  #epoch: string;
  #closed = false;

  /**
   * Starts empty.
   *
   * @param capacity Events kept per channel, at least 1; twice as many are held at most.
   * @param epoch Identity of all sequences; made up when absent.
   * @param channels The channels that it keeps.
   */
  constructor(
    capacity: number,
    epoch: string = randomEpoch(),
    channels: ChannelSet = PRODUCT_CHANNELS,
  ) {
    this.#capacity = capacity;
    this.#epoch = epoch;
    this.channels = channels;
    for (const { name, lane } of channels.definitions()) {
      this.#events.set(name, []);
      if (lane !== "lossless") this.#states.set(name, new MemoryStates());
    }
  }

  /** The epoch of this process and the last number. */
  head(channel: Channel): StreamPosition {
    return { epoch: this.#epoch, seq: this.#events.get(channel)!.at(-1)?.seq ?? 0 };
  }

  /** {@inheritDoc Store.oldest} */
  oldest(channel: Channel): number {
    return this.#events.get(channel)![0]?.seq ?? 1;
  }

  /** What was committed to this object: nothing at the start of a process. */
  restore(request: RestoreRequest): Promise<RestoredStore> {
    if (this.#closed) return closed();
    const { names } = this.channels;
    const channels = new Map(names.map((channel) => [channel, this.#restore(channel, request)]));
    const identities = this.#identities.filter((one) =>
      request.expiredIdentities || one.expiresAt > request.epochMillis
    );
    return Promise.resolve({ channels, identities });
  }

  /** Keeps a batch. Only a number that does not follow is refused. */
  commit(
    batch: readonly StoredEvent[],
    identities: readonly StoredIdentity[] = [],
  ): Promise<void> {
    if (this.#closed) return closed();
    const stray = this.#findStray(batch);
    if (stray !== undefined) {
      const message = `${stray.channel}: event ${stray.seq} does not follow`;
      return Promise.reject(new RangeError(message));
    }
    for (const event of batch) {
      const events = this.#events.get(event.channel)!;
      events.push(event);
      // Trimmed in large steps, so that a commit moves each event once on average.
      if (events.length >= this.#capacity * 2) events.splice(0, events.length - this.#capacity);
      this.#states.get(event.channel)?.put(event);
    }
    for (const identity of identities) this.#identities.push(identity);
    return Promise.resolve();
  }

  /** Events after a number, as far back as they are held. */
  read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined> {
    if (this.#closed) return closed();
    const oldest = this.oldest(channel);
    if (afterSeq + 1 < oldest) return Promise.resolve(undefined);
    const start = afterSeq + 1 - oldest;
    return Promise.resolve(this.#events.get(channel)!.slice(start, start + limit));
  }

  /** Forgets old tombstones and identities; events are bounded by every commit. */
  retain(epochMillis: number): Promise<boolean> {
    if (this.#closed) return closed();
    for (const states of this.#states.values()) states.retain(epochMillis);
    // Appended in the order of their expiry.
    const kept = this.#identities.findIndex((one) => one.expiresAt > epochMillis);
    if (kept !== 0) this.#identities.splice(0, kept < 0 ? this.#identities.length : kept);
    return Promise.resolve(false);
  }

  /** Gives every channel a new epoch. */
  rotateEpoch(): Promise<void> {
    if (this.#closed) return closed();
    this.#epoch = randomEpoch();
    return Promise.resolve();
  }

  /** Nothing to release. */
  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #restore(channel: Channel, request: RestoreRequest): RestoredChannel {
    const events: StoredEvent[] = [];
    let held = 0;
    for (const event of this.#events.get(channel)!.slice(-request.events).reverse()) {
      held += event.data.length;
      if (held > request.characters && events.length > 0) break;
      events.push(event);
    }
    const states = this.#states.get(channel)?.since(request.epochMillis - request.tombstoneMillis);
    const { snapshot } = this.channels.get(channel);
    const recent = snapshot === "latest-per-key" ? this.#recent(channel, request) : [];
    const { latest, horizon } = states ?? { latest: recent, horizon: 0 };
    return { ...this.head(channel), events: events.reverse(), latest, horizon };
  }

  /** The latest event of each of the last keys, and of each of the last keys of every trader. */
  #recent(channel: Channel, { recentKeys, characters }: RestoreRequest): StoredEvent[] {
    const found: StoredEvent[] = [];
    const all = new Set<string>();
    const byTrader = new Map<string | undefined, Set<string>>();
    let held = 0;
    for (const event of this.#events.get(channel)!.toReversed()) {
      const own = byTrader.get(event.trader) ?? new Set();
      byTrader.set(event.trader, own);
      const isNew = [all, own].map((keys) => keys.size < recentKeys && !keys.has(event.key));
      if (!isNew.includes(true)) continue;
      held += event.data.length;
      if (held > characters && found.length > 0) break;
      found.push(event);
      all.add(event.key);
      own.add(event.key);
    }
    return found.reverse();
  }

  #findStray(batch: readonly StoredEvent[]): StoredEvent | undefined {
    const heads = new Map(this.channels.names.map((channel) => [channel, this.head(channel).seq]));
    return batch.find(({ channel, seq }) => {
      const follows = seq === heads.get(channel)! + 1;
      heads.set(channel, seq);
      return !follows;
    });
  }
}

function closed(): Promise<never> {
  return Promise.reject(new Error("the store is closed"));
}
