/**
 * A follower of a log: its position in every channel, and how it catches up with the head.
 *
 * A follower at the head is handed each commit as it is. One that is behind reads pages of the store
 * until it is at the head; what is committed meanwhile is in the store, so that nothing is queued.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";
import { type Clock, isDamage, type Logger, type RestoredChannel, type Store } from "../ports.ts";
import { wait } from "../wait.ts";
import type { AppendedEvent, LogObserver, LogPlaces } from "./event_log.ts";

/** Events that are read at once. */
const PAGE_EVENTS = 256;

/** Time between two attempts to read a store that cannot be read, in ms. */
export const RETRY_MILLIS = 1_000;

/** Where followers read what they lack. */
export interface FollowerSource extends Pick<Store, "head" | "read"> {
  /** Time. */
  readonly clock: Clock;
  /** Where it is written that the store cannot be read. */
  readonly log: Logger;
  /** The state of a channel at this moment. */
  readonly restore: (channel: Channel) => Promise<RestoredChannel>;
}

/** A place that is replaced as a whole when the channel begins anew. */
interface Place {
  readonly epoch: string;
  seq: number;
}

/** An observer with its places. */
export class Follower {
  readonly #source: FollowerSource;
  readonly #observer: LogObserver;
  readonly #places = new Map<Channel, Place>();
  readonly #behind = new Set<Channel>();
  readonly #stopping = new AbortController();

  /** Begins to read what the observer lacks. */
  constructor(source: FollowerSource, observer: LogObserver, from: LogPlaces) {
    this.#source = source;
    this.#observer = observer;
    for (const [channel, { epoch, seq }] of from) {
      this.#places.set(channel, { epoch, seq });
      this.#checkPlace(channel);
    }
  }

  /** Hands on no more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Takes events that were just committed: hands them on, unless it is behind or has them. */
  take(channel: Channel, events: readonly AppendedEvent[]): void {
    const place = this.#places.get(channel);
    if (place === undefined || this.#behind.has(channel)) return;
    if (events[0]!.stored.seq > place.seq + 1) this.#checkPlace(channel);
    else this.#handOn(channel, place, events);
  }

  /** The channel goes on as another sequence, unless the observer knows already. */
  restart(channel: Channel, state: RestoredChannel): void {
    const place = this.#places.get(channel);
    if (place !== undefined && place.epoch !== state.epoch) this.#beginAnew(channel, state);
  }

  #beginAnew(channel: Channel, state: RestoredChannel): void {
    const { epoch, seq } = state;
    this.#places.set(channel, { epoch, seq });
    this.#observer.restarted(channel, state);
  }

  /** Hands on what the observer does not have. */
  #handOn(channel: Channel, place: Place, events: readonly AppendedEvent[]): void {
    const fresh = events[0]!.stored.seq > place.seq
      ? events
      : events.filter(({ stored }) => stored.seq > place.seq);
    if (fresh.length === 0) return;
    place.seq = fresh.at(-1)!.stored.seq;
    this.#observer.appended(channel, fresh);
  }

  #checkPlace(channel: Channel): void {
    if (this.#behind.has(channel) || this.#isAtHead(channel)) return;
    this.#behind.add(channel);
    void this.#catchUp(channel);
  }

  #isAtHead(channel: Channel): boolean {
    const { epoch, seq } = this.#places.get(channel)!;
    const head = this.#source.head(channel);
    return epoch === head.epoch && seq === head.seq;
  }

  /** Never rejects. Between the last read of the head and the end nothing can be committed. */
  async #catchUp(channel: Channel): Promise<void> {
    const { clock, log } = this.#source;
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#isAtHead(channel)) {
      try {
        await this.#readNext(channel);
      } catch (error) {
        log.error("events cannot be read for those who follow", { channel, error: String(error) });
        await wait(clock, RETRY_MILLIS, signal);
      }
    }
    this.#behind.delete(channel);
  }

  async #readNext(channel: Channel): Promise<void> {
    const place = this.#places.get(channel)!;
    const events = await this.#readAfter(channel, place);
    const isCurrent = () => !this.#stopping.signal.aborted && this.#places.get(channel) === place;
    if (!isCurrent()) return;
    if (events !== undefined) {
      this.#handOn(channel, place, events.map((stored) => ({ stored })));
      return;
    }
    const state = await this.#source.restore(channel);
    if (isCurrent()) this.#beginAnew(channel, state);
  }

  /** The events after a place; nothing when they cannot be had any more. */
  async #readAfter(channel: Channel, { epoch, seq }: StreamPosition) {
    const head = this.#source.head(channel);
    if (epoch !== head.epoch || seq > head.seq) return undefined;
    try {
      const events = await this.#source.read(channel, seq, PAGE_EVENTS);
      return events?.[0]?.seq === seq + 1 ? events : undefined;
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  }
}
