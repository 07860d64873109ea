/**
 * What a client must be able to account for on one channel: every number, from the first
 * subscription to the last, over any number of connections.
 *
 * @module
 */
import { type Channel, CHANNEL_SPECS } from "../../protocol/channels.ts";
import type { Filter, SubscriptionOptions } from "../../protocol/v2/client_message.ts";
import type {
  AckedChannel,
  EventsV2,
  EventV2,
  SnapshotV2,
} from "../../protocol/v2/server_message.ts";
import type { z } from "zod";
import { isWanted } from "./v2_filter.ts";

/** What a client asks of a channel. */
export type Asked = z.input<typeof SubscriptionOptions>;

/** An `events` frame. */
export type EventsFrame = z.infer<typeof EventsV2>;

/** A part of a snapshot. */
export type SnapshotPart = z.infer<typeof SnapshotV2>;

/** A place in a channel. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/** Numbers without a hole that the client was told of, both ends included. */
export interface Range {
  readonly epoch: string;
  readonly from: number;
  to: number;
}

/** How often something happened. */
export interface Tally {
  delivered: number;
  skipped: number;
  filtered: number;
  frames: number;
  emptyFrames: number;
  replayed: number;
  snapshots: number;
  snapshotEvents: number;
  recovered: number;
  /** Resumptions that could not be recovered. */
  rebased: number;
  /** What acks said was lost. */
  lost: number;
  /** Snapshots in the midst of a subscription, as keys may have ended of which nobody knows. */
  unasked: number;
}

/** Adds tallies up, at least one. */
export function sumOf([first, ...rest]: readonly Tally[]): Tally {
  const sum: Tally = { ...first! };
  for (const tally of rest) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
  }
  return sum;
}

/** A snapshot of which parts may still come. */
interface Pending {
  readonly place: Place;
  /** The filter that it was asked with, though another one may have come since. */
  readonly filter: Filter | undefined;
  readonly table: Map<string, EventV2>;
}

/** See the module. */
export class ChannelLedger {
  /** What came with `events` frames and may never come twice, by `epoch:seq`; lossless lanes only. */
  readonly delivered = new Map<string, EventV2>();
  /** What the client was told of. */
  readonly ranges: Range[] = [];
  readonly tally: Tally = {
    delivered: 0,
    skipped: 0,
    filtered: 0,
    frames: 0,
    emptyFrames: 0,
    replayed: 0,
    snapshots: 0,
    snapshotEvents: 0,
    recovered: 0,
    rebased: 0,
    lost: 0,
    unasked: 0,
  };
  readonly channel: Channel;
  readonly #fail: (fault: string) => void;
  #table = new Map<string, EventV2>();
  #place: Place | undefined;
  #asked: Asked | undefined;
  /** Where the subscription goes on; `undefined` while there is none. */
  #next: number | undefined;
  #snapshot: Pending | undefined;
  #isLive = false;
  #knowsFrom = 1;

  /** @param fail Takes what is wrong, in words. */
  constructor(channel: Channel, fail: (fault: string) => void) {
    this.channel = channel;
    this.#fail = (fault) => fail(`${channel}: ${fault}`);
  }

  /** Up to where the client knows everything: what to resume from. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** The latest event of each key that has not ended. */
  get table(): ReadonlyMap<string, EventV2> {
    return this.#table;
  }

  /** The filter of the subscription. */
  get filter(): Filter | undefined {
    return this.#asked?.filter;
  }

  /** The first number from which on the table holds everything; 1 when it began with a snapshot. */
  get knowsFrom(): number {
    return this.#knowsFrom;
  }

  /** Whether there is a subscription. */
  get isActive(): boolean {
    return this.#next !== undefined;
  }

  /** Whether there is a subscription, and its snapshot, if it has one, is complete. */
  get isStreaming(): boolean {
    return this.#next !== undefined && this.#snapshot === undefined;
  }

  /** The gateway has agreed to a subscription. */
  subscribed(asked: Asked, { epoch, seq, recovered, lost }: AckedChannel): void {
    const before = this.#place;
    const wasActive = this.#next !== undefined;
    const unfinished = this.#snapshot;
    this.#asked = asked;
    this.#next = seq + 1;
    // Who is subscribed keeps its cursor, wherever else it asks to go on from.
    const since = wasActive ? undefined : asked.since;
    if ((recovered !== undefined) !== (since !== undefined)) {
      this.#fail(`recovered is ${recovered} for since ${JSON.stringify(since)}`);
    }
    const isSame = since?.epoch === epoch;
    if ((lost !== undefined) !== (recovered === false && isSame)) {
      this.#fail(
        `lost is ${lost} with recovered ${recovered} in ${isSame ? "the" : "another"} epoch`,
      );
    }
    this.tally.lost += lost ?? 0;
    // Only what was there before a subscription is replayed, and only after a recovered place.
    if (recovered === true) this.#isLive = false;
    else if (!wasActive || recovered === false || asked.snapshot === true) this.#isLive = true;
    if (recovered === true) {
      this.tally.recovered += 1;
      if (!isSame || since.seq !== seq) {
        this.#fail(`since ${JSON.stringify(since)} was recovered at ${epoch} ${seq}`);
      }
    } else if (recovered === false || asked.snapshot === true) {
      if (recovered === false) this.tally.rebased += 1;
      this.#snapshot = { place: { epoch, seq }, filter: asked.filter, table: new Map() };
      return;
    } else if (unfinished !== undefined) {
      // The cursor is behind a snapshot whose other parts are still to come.
      if (unfinished.place.seq !== seq) this.#fail(`subscribed again at ${seq} within a snapshot`);
      return;
    } else if (wasActive && (before!.epoch !== epoch || before!.seq !== seq)) {
      this.#fail(`subscribed again at ${seq}, but its cursor was at ${before!.seq}`);
    }
    const goesOn = before?.epoch === epoch && before.seq === seq;
    if (!goesOn) this.#rebase({ epoch, seq }, new Map(), seq + 1);
  }

  /** The gateway has agreed to the end of a subscription. */
  unsubscribed(acked: AckedChannel | undefined): void {
    // Within a snapshot there is no place to end at; what was known before it still is.
    if (this.#next === undefined || this.#snapshot !== undefined) return this.disconnected();
    if (acked === undefined) this.#fail("its unsubscription was acked without a place");
    else if (acked.seq !== this.#place?.seq || acked.epoch !== this.#place.epoch) {
      this.#fail(`unsubscribed at ${acked.seq}, but told of ${this.#place?.seq}`);
    }
    this.disconnected();
  }

  /** The connection is gone; what is known stays. */
  disconnected(): void {
    this.#next = undefined;
    this.#snapshot = undefined;
  }

  snapshot({ epoch, seq, events, last }: SnapshotPart): void {
    const pending = this.#snapshot ??= this.#unasked({ epoch, seq });
    if (pending === undefined) return this.#fail(`a snapshot at ${seq} that nobody asked for`);
    if (pending.place.epoch !== epoch || pending.place.seq !== seq) {
      this.#fail(`a snapshot at ${seq}, but acked at ${pending.place.seq}`);
    }
    for (const event of events) {
      const { id } = event.data;
      if (event.seq > seq) this.#fail(`seq ${event.seq} in a snapshot at ${seq}`);
      this.#checkWanted(event, pending.filter);
      if (CHANNEL_SPECS[this.channel].lane === "lossless") continue;
      if (pending.table.has(id)) this.#fail(`${id} stands twice in a snapshot`);
      if (hasEnded(this.channel, event)) this.#fail(`${id} has ended, but is in a snapshot`);
      pending.table.set(id, event);
    }
    this.tally.snapshotEvents += events.length;
    if (!last) return;
    this.tally.snapshots += 1;
    this.#snapshot = undefined;
    this.#rebase(pending.place, pending.table, 1);
  }

  /** Takes a batch. */
  events(frame: EventsFrame): void {
    const { from, to, skipped, filtered, replay, events } = frame;
    const range = `${from}..${to}`;
    if (this.#next === undefined) return this.#fail(`events ${range} without a subscription`);
    if (this.#snapshot !== undefined) return this.#fail(`events ${range} within a snapshot`);
    if (from !== this.#next) this.#fail(`events ${range}, but ${this.#next} is next`);
    if (events.length + skipped + filtered !== to - from + 1 || to < from) {
      this.#fail(`events ${range} hold ${events.length} + ${skipped} + ${filtered}`);
    }
    if (filtered > 0 && this.filter === undefined) this.#fail(`${range} is filtered by nothing`);
    if (skipped > 0 && CHANNEL_SPECS[this.channel].lane === "lossless") {
      this.#fail(`${skipped} of ${range} skipped`);
    }
    if (replay && this.#isLive) this.#fail(`replay ${range} after live events`);
    this.#isLive = !replay;
    this.#takeAll(frame);
    this.tally.frames += 1;
    this.tally.skipped += skipped;
    this.tally.filtered += filtered;
    this.tally.delivered += events.length;
    if (replay) this.tally.replayed += events.length;
    if (events.length === 0) this.tally.emptyFrames += 1;
    this.#next = to + 1;
    this.#place = { epoch: this.#place!.epoch, seq: to };
    this.ranges.at(-1)!.to = to;
  }

  /** A cursor that fell below the horizon of its keyed channel is rebased without being asked. */
  #unasked(place: Place): Pending | undefined {
    const isAhead = this.#next !== undefined && place.seq >= this.#next;
    if (!isAhead || CHANNEL_SPECS[this.channel].lane === "lossless") return undefined;
    this.tally.unasked += 1;
    this.#next = place.seq + 1;
    this.#isLive = true;
    return { place, filter: this.filter, table: new Map() };
  }

  #takeAll({ from, to, replay, events }: EventsFrame): void {
    const lane = CHANNEL_SPECS[this.channel].lane;
    // What a client missed is everything that followed, so far as it is still there.
    const isConflated = this.#asked!.conflate === true && !replay;
    const keys = new Set<string>();
    let last = from - 1;
    for (const event of events) {
      const { id } = event.data;
      if (event.seq <= last) this.#fail(`seq ${event.seq} after ${last}`);
      if (event.seq > to) this.#fail(`seq ${event.seq} beyond ${from}..${to}`);
      last = event.seq;
      this.#checkWanted(event, this.filter);
      if (lane === "lossless") {
        this.#deliver(event);
        continue;
      }
      if (isConflated && keys.has(id)) {
        this.#fail(`${id} twice in ${from}..${to}`);
      }
      keys.add(id);
      if (hasEnded(this.channel, event)) this.#table.delete(id);
      else this.#table.set(id, event);
    }
  }

  #deliver(event: EventV2): void {
    const name = `${this.#place!.epoch}:${event.seq}`;
    if (this.delivered.has(name)) this.#fail(`seq ${event.seq} came twice`);
    this.delivered.set(name, event);
  }

  #checkWanted(event: EventV2, filter: Filter | undefined): void {
    if (isWanted(filter, this.channel, event.data)) return;
    this.#fail(`seq ${event.seq} should have been filtered: ${JSON.stringify(event.data)}`);
  }

  #rebase(place: Place, table: Map<string, EventV2>, knowsFrom: number): void {
    this.#knowsFrom = knowsFrom;
    this.#place = place;
    this.#table = table;
    this.ranges.push({ epoch: place.epoch, from: place.seq + 1, to: place.seq });
  }
}

/** Whether an event ends its key. */
function hasEnded(channel: Channel, { data }: EventV2): boolean {
  return data["removed"] === true || (channel === "positions" && data["status"] === "CLOSED");
}
