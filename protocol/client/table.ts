/**
 * A channel as a table: the latest state of every id.
 *
 * @module
 */
import { admits, type Demand } from "./demand.ts";
import { Emitter, type HandlerErrorSink } from "./emitter.ts";
import type { StreamPosition, TelemetryError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import type { FeedUser, Freshness, ResyncReason } from "./feed_user.ts";
import type { GatewayClock } from "./gateway_clock.ts";
import { MAX_AGE_MILLIS, staleSince } from "./staleness.ts";
import type { Channel, ChannelData, EventsFrame, WireEvent } from "./wire_types.ts";
import { CLOSING, LOSSLESS } from "./channel_facts.ts";

/** Most rows of a table of states; as many as the gateway keeps of a channel. */
const MAX_STATES = 50_000;

/** Most rows of a table of alerts or warnings, which never end: the oldest leave. */
const MAX_NOTICES = 1_000;

/** What a table shows, and how. */
export interface TableOptions extends Demand {
  /** Age after which a running trader or an open position counts as stale, in ms; 30,000. */
  readonly maxAgeMs?: number;
}

/** A row. */
export interface Row<Data> {
  readonly data: Data;
  readonly seq: number;
  /** When the gateway accepted it, epoch ms of the gateway. */
  readonly acceptedAt: number;
}

/** What changed at once. */
export interface Change<Data> {
  /** Rows that are new or another state. */
  readonly changed: ReadonlyMap<string, Data>;
  /**
   * Rows that left, with their last state: a closed position with its `CLOSED`, also one that was
   * opened and closed between two frames and never was a row.
   */
  readonly removed: ReadonlyMap<string, Data>;
  /** Whether a snapshot replaced the table. */
  readonly reset: boolean;
  /** How far the table is. */
  readonly place: StreamPosition;
}

/** What became of the numbers of the channel since the table began. */
export interface Account {
  /** Events that came. */
  readonly delivered: number;
  /** Events that were passed over: superseded by later ones. */
  readonly skipped: number;
  /** Events that the filter left out. */
  readonly filtered: number;
  /** How often the subscription was begun anew. */
  readonly resyncs: number;
}

/** What a table announces. */
export interface TableEvents<Data> {
  /** Rows are others. */
  change: Change<Data>;
  /** The channel is fresh, stale, degraded or offline now. */
  freshness: Freshness;
  /** The subscription was begun anew, and why; the table is right all the time. */
  resync: { readonly reason: ResyncReason };
  /** The table ended: the gateway refuses it, or the client ended. */
  error: TelemetryError;
}

/** What a table needs of its client. */
export interface TableHost {
  readonly feed: Feed;
  readonly time: GatewayClock;
  /** Takes what handlers throw. */
  readonly report: HandlerErrorSink;
}

/** See the module. A read-only map from id to state. */
export class Table<C extends Channel> implements ReadonlyMap<string, ChannelData[C]> {
  readonly channel: C;
  readonly #options: TableOptions;
  readonly #host: TableHost;
  readonly #emitter: Emitter<TableEvents<ChannelData[C]>>;
  readonly #user: FeedUser;
  readonly #maxRows: number;
  #rows = new Map<string, Row<ChannelData[C]>>();
  #place: StreamPosition | undefined;
  #freshness: Freshness = { state: "offline", lastEventAt: null };
  #account = { delivered: 0, skipped: 0, filtered: 0, resyncs: 0 };

  /** Begins; `gateway.table()` makes one. */
  constructor(channel: C, options: TableOptions, host: TableHost) {
    this.channel = channel;
    this.#options = options;
    this.#host = host;
    this.#emitter = new Emitter(host.report);
    this.#maxRows = LOSSLESS[channel] ? MAX_NOTICES : MAX_STATES;
    const { maxAgeMs: _, ...demand } = options;
    const place = () => this.#place;
    this.#user = {
      demand,
      takesSnapshots: true,
      paused: false,
      get place() {
        return place();
      },
      begin: () => {},
      reset: (at, events, shared) => this.#reset(at, events, shared),
      apply: (frame, shared) => this.#apply(frame, shared),
      freshen: (freshness) => this.#freshen(freshness),
      resynced: (reason) => {
        this.#account.resyncs += 1;
        this.#emitter.emit("resync", { reason });
      },
      gap: () => {},
      fail: (error) => this.#emitter.emit("error", error),
    };
    host.feed.add(this.#user);
  }

  /** How far the table is; `undefined` before the first snapshot. */
  get place(): StreamPosition | undefined {
    return this.#place;
  }

  /** Whether the channel's data can be trusted now. */
  get freshness(): Freshness {
    return this.#freshness;
  }

  /** What became of all numbers. */
  get account(): Account {
    return { ...this.#account };
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The state of an id. */
  get(id: string): ChannelData[C] | undefined {
    return this.#rows.get(id)?.data;
  }

  /** The state of an id with its number and time. */
  row(id: string): Row<ChannelData[C]> | undefined {
    return this.#rows.get(id);
  }

  /** Since when a row is not to be trusted, epoch ms of the gateway; `undefined` when it is fresh. */
  staleSince(id: string): number | undefined {
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    const maxAgeMs = this.#options.maxAgeMs ?? MAX_AGE_MILLIS;
    const { time } = this.#host;
    return staleSince(
      this.channel,
      row.data,
      row.acceptedAt,
      time.now(),
      this.#freshness,
      maxAgeMs,
    );
  }

  /** Whether there is a row. */
  has(id: string): boolean {
    return this.#rows.has(id);
  }

  keys(): MapIterator<string> {
    return this.#rows.keys();
  }

  /** The states. */
  *values(): MapIterator<ChannelData[C]> {
    for (const { data } of this.#rows.values()) yield data;
  }

  /** Ids and states. */
  *entries(): MapIterator<[string, ChannelData[C]]> {
    for (const [id, { data }] of this.#rows) yield [id, data];
  }

  /** {@inheritDoc Table.entries} */
  [Symbol.iterator](): MapIterator<[string, ChannelData[C]]> {
    return this.entries();
  }

  /** Calls with every row. */
  forEach(
    callback: (
      data: ChannelData[C],
      id: string,
      table: ReadonlyMap<string, ChannelData[C]>,
    ) => void,
  ): void {
    for (const [id, data] of this) callback(data, id, this);
  }

  /** Adds a handler; the result removes it. What it throws is reported, and does no harm. */
  on<Name extends keyof TableEvents<ChannelData[C]>>(
    name: Name,
    handler: (event: TableEvents<ChannelData[C]>[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, handler);
  }

  /** Follows the channel no more; the rows stay as they are. */
  close(): void {
    this.#host.feed.remove(this.#user);
    this.#freshness = { ...this.#freshness, state: "offline" };
  }

  #freshen(freshness: Freshness): void {
    const before = this.#freshness;
    this.#freshness = freshness;
    const isSame = before.state === freshness.state && before.lastEventAt === freshness.lastEventAt;
    if (!isSame) this.#emitter.emit("freshness", freshness);
  }

  /** The new table is whole before the old one goes; what is the same in both did not change. */
  #reset(place: StreamPosition, events: readonly WireEvent[], shared: boolean): void {
    const before = this.#rows;
    const isOther = this.#place?.epoch !== place.epoch;
    this.#rows = new Map();
    const changed = new Map<string, ChannelData[C]>();
    const removed = new Map<string, ChannelData[C]>();
    for (const event of events) {
      if (shared && !admits(this.#options.filter, this.channel, event.data)) continue;
      this.#put(event, changed, removed);
    }
    for (const [id, { seq, data }] of before) {
      const now = this.#rows.get(id);
      if (now === undefined) removed.set(id, data);
      else if (now.seq === seq && !isOther) changed.delete(id);
    }
    this.#place = place;
    this.#emitter.emit("change", { changed, removed, reset: true, place });
  }

  #apply({ to, skipped, events }: EventsFrame, shared: boolean): void {
    const { epoch, seq } = this.#place!;
    const changed = new Map<string, ChannelData[C]>();
    const removed = new Map<string, ChannelData[C]>();
    let delivered = 0;
    for (const event of events) {
      if (event.seq <= seq) continue;
      if (shared && !admits(this.#options.filter, this.channel, event.data)) continue;
      this.#put(event, changed, removed);
      delivered += 1;
    }
    const passed = to - seq - delivered;
    this.#account.delivered += delivered;
    this.#account.skipped += Math.min(skipped, passed);
    this.#account.filtered += passed - Math.min(skipped, passed);
    const place = this.#place = { epoch, seq: to };
    if (changed.size + removed.size === 0) return;
    this.#emitter.emit("change", { changed, removed, reset: false, place });
  }

  #put(
    { seq, timestamp, data }: WireEvent,
    changed: Map<string, ChannelData[C]>,
    removed: Map<string, ChannelData[C]>,
  ): void {
    const { id } = data;
    const state = data as unknown as ChannelData[C];
    const before = this.#rows.get(id);
    // An id that comes again goes to the end, so that the oldest are first.
    this.#rows.delete(id);
    changed.delete(id);
    const closing = CLOSING[this.channel];
    const isClosed = closing && data["status"] === closing;
    if (isClosed || data["removed"]) {
      const last = isClosed ? state : before?.data;
      if (last) removed.set(id, last);
      return;
    }
    removed.delete(id);
    changed.set(id, state);
    this.#rows.set(id, { data: state, seq, acceptedAt: timestamp });
    if (this.#rows.size <= this.#maxRows) return;
    const [oldest, { data: last }] = this.#rows.entries().next().value!;
    this.#rows.delete(oldest);
    changed.delete(oldest);
    removed.set(oldest, last);
  }
}
