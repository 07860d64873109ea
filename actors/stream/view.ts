/**
 * A channel through one filter and one limit to traders: the frames of all cursors that see it so.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelStream } from "./channel_stream.ts";
import { encodeEventsFrame, encodeEventV2 } from "../../protocol/v2/event_frames.ts";
import type { EventFilter } from "./event_filter.ts";
import { type EventsFrame, FrameMemo } from "./frame_memo.ts";
import type { LatestStates } from "./latest_states.ts";
import type { RowView } from "./row_view.ts";
import { MAX_FRAME_LENGTH, Snapshot } from "./snapshot.ts";

/** Most numbers that one frame accounts for: filtering so many takes about a millisecond. */
export const MAX_FRAME_RANGE = 16_384;

/** A channel as cursors with the same filter and the same limit see it. Equal places share a frame. */
export class View {
  /** Identifies filter and limit; empty without one. */
  readonly key: string;
  readonly #rows: RowView | undefined;
  #users = 0;
  readonly #stream: ChannelStream;
  readonly #filter: EventFilter | undefined;
  readonly #live = new FrameMemo();
  readonly #replayed = new FrameMemo();
  readonly #conflated = new FrameMemo();
  #snapshot: Snapshot | undefined;

  /**
   * Looks at a stream.
   *
   * @param filter What the client wants; everything when absent.
   * @param rows What its key may see; everything when absent.
   */
  constructor(
    stream: ChannelStream,
    key: string,
    filter: EventFilter | undefined,
    rows: RowView | undefined,
  ) {
    this.#stream = stream;
    this.key = key;
    this.#filter = filter;
    this.#rows = rows;
  }

  /** Cursors that use it. */
  get users(): number {
    return this.#users;
  }

  set users(count: number) {
    if (this.#rows !== undefined) this.#rows.users += count - this.#users;
    this.#users = count;
  }

  /** Up to which number ended keys may be unknown; 0 on lossless channels. */
  get horizon(): number {
    return this.#latest?.horizon ?? 0;
  }

  /**
   * The next frame in order.
   *
   * @param from The first number that it accounts for.
   * @param upTo The last number that it may account for, at least `from`.
   * @param replay Whether it is what a client missed before it came.
   * @returns `undefined` when the first event is not at hand.
   */
  inOrder(from: number, upTo: number, replay: boolean): EventsFrame | undefined {
    const memo = replay ? this.#replayed : this.#live;
    const known = memo.get(from, upTo, 0);
    if (known !== undefined) return known;
    const batch = this.#encodeInOrder(from, upTo, replay);
    return batch && this.#share(memo, batch, upTo, 0);
  }

  /**
   * The next frame with the latest event per key alone. The arguments are those of
   * {@link View.inOrder}; states that changed after `upTo` come with a later frame.
   */
  conflated(from: number, upTo: number, replay: boolean): EventsFrame {
    const mark = this.#stream.log.head * 2 + Number(replay);
    const known = this.#conflated.get(from, upTo, mark);
    if (known !== undefined) return known;
    return this.#share(this.#conflated, this.#encodeConflated(from, upTo, replay), upTo, mark);
  }

  /**
   * The states at this moment.
   *
   * @param limit Most events of a lossless channel, which has no states.
   */
  snapshot(limit: number): Snapshot {
    const { log } = this.#stream;
    if (this.#snapshot?.seq === log.head) return this.#snapshot;
    const most = this.#stream.latest === undefined ? limit : Infinity;
    const events = (this.#rows ?? this.#stream).replay(most, log.head);
    const snapshot = new Snapshot(this.#stream, events.filter((event) => this.#wants(event)));
    this.#snapshot = this.users > 1 ? snapshot : undefined;
    return snapshot;
  }

  /** Forgets its frames: the channel goes on as another sequence. */
  forget(): void {
    for (const memo of [this.#live, this.#replayed, this.#conflated]) memo.clear();
    this.#snapshot = undefined;
  }

  get #latest(): LatestStates | undefined {
    return this.#rows === undefined ? this.#stream.latest : this.#rows.latest;
  }

  /** Whether the client wants an event that its key may see. */
  #wants(event: LoggedEvent): boolean {
    return this.#filter === undefined || this.#filter.admits(event);
  }

  /** An event of the channel as it is sent; `undefined` when it is not. */
  #see(event: LoggedEvent): LoggedEvent | undefined {
    const seen = this.#rows === undefined ? event : this.#rows.see(event);
    return seen !== undefined && this.#wants(seen) ? seen : undefined;
  }

  /** A frame is kept only if several readers may send it. */
  #share(memo: FrameMemo, batch: EventsFrame, upTo: number, mark: number): EventsFrame {
    return this.users > 1 ? memo.put(batch, upTo, mark) : batch;
  }

  #encodeInOrder(from: number, upTo: number, replay: boolean): EventsFrame | undefined {
    const end = Math.min(upTo, from + MAX_FRAME_RANGE - 1);
    let seq = from;
    let body = "";
    let count = 0;
    for (; seq <= end; seq++) {
      const event = this.#stream.at(seq);
      if (event === undefined) break;
      const seen = this.#see(event);
      if (seen === undefined) continue;
      const text = encodeEventV2(seen.stored);
      if (count > 0 && body.length + text.length > MAX_FRAME_LENGTH) break;
      body += count === 0 ? text : `,${text}`;
      count += 1;
    }
    if (seq === from) return undefined;
    return this.#frame({ from, to: seq - 1, skipped: 0, replay }, count, body);
  }

  #encodeConflated(from: number, upTo: number, replay: boolean): EventsFrame {
    let to = Math.min(upTo, from + MAX_FRAME_RANGE - 1);
    let body = "";
    let count = 0;
    const latest = this.#latest;
    for (let state = latest!.after(from - 1); state !== undefined; state = state.next) {
      const { event } = state;
      if (event.seq > to) break;
      if (!this.#wants(event)) continue;
      const text = encodeEventV2(event.stored);
      if (count > 0 && body.length + text.length > MAX_FRAME_LENGTH) {
        to = event.seq - 1;
        break;
      }
      body += count === 0 ? text : `,${text}`;
      count += 1;
    }
    const skipped = to - from + 1 - count - this.#countFiltered(from, to);
    return this.#frame({ from, to, skipped, replay }, count, body);
  }

  /**
   * Numbers that the limit or the filter excludes. What left the ring cannot be filtered and counts as
   * skipped, unless the limit is known to withhold it.
   */
  #countFiltered(from: number, to: number): number {
    const rows = this.#rows;
    if (this.#filter === undefined) return rows?.countWithheld(from, to) ?? 0;
    const { log } = this.#stream;
    const first = Math.max(from, log.oldest);
    let count = rows?.countWithheld(from, Math.min(to, first - 1)) ?? 0;
    for (let seq = first; seq <= to; seq++) {
      if (this.#see(log.get(seq)!) === undefined) count += 1;
    }
    return count;
  }

  #frame(
    range: { readonly from: number; to: number; skipped: number; replay: boolean },
    count: number,
    body: string,
  ): EventsFrame {
    const { from, to, skipped } = range;
    const filtered = to - from + 1 - count - skipped;
    const text = encodeEventsFrame({ channel: this.#stream.channel, ...range, filtered }, body);
    return { text, bytes: Buffer.byteLength(text), from, to, count, skipped };
  }
}
