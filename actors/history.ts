/**
 * What was published, read from the rings and, beyond them, from the store.
 *
 * @module
 */
import { hash } from "node:crypto";
import type { Channel } from "../protocol/channels.ts";
import {
  type ChannelSnapshot,
  type EventsPage,
  type EventsRead,
  type EventsRequest,
  type History,
  HistoryError,
} from "./operations.ts";
import type { EventLog } from "./log/event_log.ts";
import { type Clock, isDamage, type Logger, type StoredEvent } from "./ports.ts";
import type { ChannelStream } from "./stream/channel_stream.ts";
import { MAX_KEYS } from "./stream/latest_states.ts";
import type { RowFilter } from "./stream/row_filter.ts";
import type { RowView } from "./stream/row_view.ts";

/** Most events read from the store at once, and by all readers together in one event-loop turn. */
export const MAX_READ_EVENTS = 256;

/** Most reads of the store that may wait for their turn; beyond it readers are told to come back. */
export const MAX_WAITING_READS = 64;

/** Characters of `data` after which a page ends, before its limit. */
export const MAX_PAGE_CHARACTERS = 4 * 1_024 * 1_024;

/**
 * Most numbers that one page goes through for a reader from whom events are withheld; a page may then
 * be short, or empty, and names where the next one begins.
 */
export const MAX_WITHHELD_RANGE = 16_384;

/** Which events a page is made of. */
interface PageRange {
  readonly afterSeq: number;
  readonly upTo: number;
  /** Most events. */
  readonly limit: number;
}

/** What history is read with. */
export interface HistoryDeps {
  /** Time, to read the store in turns of the event loop. */
  readonly clock: Clock;
  /** Where a store that cannot be read is written. */
  readonly log: Logger;
  /** Where events are kept. */
  readonly eventLog: Pick<EventLog, "oldest" | "read">;
  /** The channels. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** A channel through a limit to traders. */
  readonly rows: (channel: Channel, filter: RowFilter) => RowView;
  /** Events in the snapshot of a lossless channel. */
  readonly replayLimit: number;
}

/** The history of all channels. */
export class ChannelHistory implements History {
  readonly #deps: HistoryDeps;
  #reads: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Takes what it reads from. */
  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** {@inheritDoc History.snapshot} */
  snapshot(channel: Channel, filter?: RowFilter): ChannelSnapshot {
    const stream = this.#deps.streams.get(channel)!;
    const { epoch, head } = stream.log;
    const isLossless = stream.lane === "lossless";
    const limit = isLossless ? this.#deps.replayLimit : MAX_KEYS;
    // How many events a lossless channel shows depends on the configuration and on the ring.
    const counted = isLossless ? [`${limit}-${stream.log.oldest}`] : [];
    const variant = [...counted, ...filter === undefined ? [] : [tagOf(filter)]].join("-");
    const events = () => {
      const seen = filter === undefined ? stream : this.#deps.rows(channel, filter);
      return seen.replay(limit, head).map(({ stored }) => stored);
    };
    return { epoch, seq: head, ...asOf(stream), variant, events };
  }

  /** {@inheritDoc History.page} */
  page(
    channel: Channel,
    { epoch: known, afterSeq: wanted, limit }: EventsRequest,
    filter?: RowFilter,
  ): EventsPage {
    const stream = this.#deps.streams.get(channel)!;
    const { epoch, head } = stream.log;
    const oldest = this.#oldest(stream);
    const details = { epoch, head: String(head), oldest: String(oldest) };
    if (known !== undefined && known !== epoch) throw this.#epochChanged(stream);
    const afterSeq = wanted ?? oldest - 1;
    if (afterSeq > head) {
      const message = `${channel} ends with number ${head}: ${afterSeq} is of another sequence, ` +
        "or the store was rolled back; start over with its snapshot";
      throw new HistoryError("SEQ_AHEAD", message, details);
    }
    if (afterSeq < oldest - 1) throw expired(channel, afterSeq, details);
    const read = () => this.#readPage(stream, { afterSeq, upTo: head, limit }, filter);
    const variant = filter === undefined ? "" : tagOf(filter);
    return { epoch, head, oldest, afterSeq, ...asOf(stream), variant, read };
  }

  #epochChanged(stream: ChannelStream): HistoryError {
    const { epoch, head } = stream.log;
    const details = { epoch, head: String(head), oldest: String(this.#oldest(stream)) };
    const message = `${stream.channel} has begun a new sequence; start over with its snapshot`;
    return new HistoryError("EPOCH_CHANGED", message, details);
  }

  #oldest({ channel, log }: ChannelStream): number {
    return Math.min(log.oldest, this.#deps.eventLog.oldest(channel));
  }

  async #readPage(
    stream: ChannelStream,
    { afterSeq, upTo, limit }: PageRange,
    filter: RowFilter | undefined,
  ): Promise<EventsRead> {
    const { channel, log } = stream;
    const rows = filter && this.#deps.rows(channel, filter);
    const end = Math.min(upTo, afterSeq + (rows === undefined ? limit : MAX_WITHHELD_RANGE));
    const events: StoredEvent[] = [];
    let last = afterSeq;
    let characters = 0;
    const isFull = () => last >= end || events.length >= limit || characters >= MAX_PAGE_CHARACTERS;
    while (!isFull()) {
      const held = log.get(last + 1);
      const found = held === undefined
        ? await this.#readStore(channel, last, Math.min(MAX_READ_EVENTS, end - last))
        : [held.stored];
      if (stream.log !== log) throw this.#epochChanged(stream);
      if (found.length === 0) {
        const { epoch, head } = log;
        const oldest = String(this.#oldest(stream));
        throw expired(channel, last, { epoch, head: String(head), oldest });
      }
      for (const event of found) {
        if (isFull()) break;
        last = event.seq;
        const seen = rows === undefined ? event : rows.see(held ?? log.beyond(event))?.stored;
        if (seen === undefined) continue;
        events.push(seen);
        characters += seen.data.length;
      }
    }
    return { events, last };
  }

  /** Reads the store when it is this read's turn; nothing when the events are no longer kept. */
  #readStore(channel: Channel, afterSeq: number, limit: number): Promise<readonly StoredEvent[]> {
    if (this.#waiting >= MAX_WAITING_READS) {
      throw new HistoryError("OVERLOADED", "too many readers wait for the store");
    }
    this.#waiting += 1;
    const { clock, log, eventLog } = this.#deps;
    const read = this.#reads.then(async () => {
      await new Promise<void>((resolve) => clock.defer(resolve));
      this.#waiting -= 1;
      try {
        return await eventLog.read(channel, afterSeq, limit) ?? [];
      } catch (error) {
        log.error("history cannot be read", { channel, error: String(error) });
        if (isDamage(error)) throw damaged(channel, error);
        throw new HistoryError("STORE_UNAVAILABLE", "the store cannot be read now");
      }
    });
    this.#reads = read.catch(() => {}); // One failed read must not fail those queued behind it.
    return read;
  }
}

function asOf({ log }: ChannelStream): { readonly asOf?: number } {
  const newest = log.get(log.head);
  return newest === undefined ? {} : { asOf: newest.stored.timestamp };
}

function damaged(channel: Channel, error: unknown): HistoryError {
  const message = `${(error as Error).message} and is not sent: read on after it with afterSeq`;
  return new HistoryError("EVENT_DAMAGED", message, { channel });
}

function expired(
  channel: Channel,
  afterSeq: number,
  details: Readonly<Record<string, string>>,
): HistoryError {
  const message = `events of ${channel} after ${afterSeq} are no longer kept; the oldest is ` +
    details["oldest"];
  return new HistoryError("EVENTS_EXPIRED", message, details);
}

/** Stands for a limit in an `ETag`, where its key is too long and not to be read. */
function tagOf({ key }: RowFilter): string {
  return hash("sha256", key, "hex").slice(0, 16);
}
