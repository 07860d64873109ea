/**
 * A channel as the holders of one limit to traders see it: as if the events of all others had never
 * been published, apart from their numbers.
 *
 * It folds what the holders see into latest states and last ids of their own, so that one trader's
 * events neither supersede those of another nor push them out. Cursors, snapshots and pages with the
 * same limit share it: an event is judged once for all of them, not once a client.
 *
 * @module
 */
import type { ChannelStream } from "./channel_stream.ts";
import type { LoggedEvent } from "./channel_log.ts";
import { LatestStates } from "./latest_states.ts";
import { NumberSet } from "./number_set.ts";
import { RecentKeys } from "./recent_keys.ts";
import { departureOf, type RowFilter, traderOf } from "./row_filter.ts";

/** A channel through a limit to traders. */
export class RowView {
  /** Identifies the limit. */
  readonly key: string;
  #users = 0;
  readonly #stream: ChannelStream;
  readonly #filter: RowFilter;
  #latest: LatestStates | undefined;
  #recent: RecentKeys | undefined;
  /** The numbers that the holders see. */
  #seen = new NumberSet(1);
  /** The last number that was folded; `undefined` before the first use. */
  #folded: number | undefined;

  /** Looks at a stream through a limit; what it shows is worked out at the first use. */
  constructor(stream: ChannelStream, filter: RowFilter) {
    this.#stream = stream;
    this.#filter = filter;
    this.key = filter.key;
  }

  /** Views and cursors that use it; while there is one, every event is folded when it is appended. */
  get users(): number {
    return this.#users;
  }

  set users(count: number) {
    this.#users = count;
    if (count > 0) this.#catchUp();
  }

  /** Latest state per key of what is seen; `undefined` on lossless channels. */
  get latest(): LatestStates | undefined {
    this.#catchUp();
    return this.#latest;
  }

  /** An event as it is seen; `undefined` when it is withheld. */
  see(event: LoggedEvent): LoggedEvent | undefined {
    const { stored } = event;
    const { spec } = this.#stream;
    const { ends } = stored;
    if (this.#filter.owns(spec, { trader: traderOf(event, spec), ends })) return event;
    if (!this.#filter.loses(stored)) return undefined;
    return event.departure ??= this.#stream.log.beyond(departureOf(stored));
  }

  /** An event was appended. The arguments are those of {@link LatestStates.put}. */
  append(event: LoggedEvent, now: number): void {
    if (this.#users === 0) return; // It catches up when it is used again.
    this.#fold(event, now);
  }

  /** The stream goes on as another sequence, which it holds already. */
  restart(): void {
    this.#folded = undefined;
    if (this.#users > 0) this.#catchUp();
  }

  /** What {@link ChannelStream.replay} gives, of what is seen: the limit counts nothing else. */
  replay(limit: number, upTo: number): LoggedEvent[] {
    this.#catchUp();
    if (this.#latest !== undefined) return this.#latest.newest(limit, upTo);
    if (this.#recent !== undefined) return this.#recent.newest(limit, upTo);
    const { log } = this.#stream;
    const events: LoggedEvent[] = [];
    for (let seq = upTo; seq >= log.oldest && events.length < limit; seq--) {
      const event = this.see(log.get(seq)!);
      if (event !== undefined) events.push(event);
    }
    return events.reverse();
  }

  /**
   * Numbers of a range whose events are withheld. Of numbers that left the ring before the limit was
   * in use nobody knows: they do not count.
   */
  countWithheld(from: number, to: number): number {
    if (from > to) return 0;
    this.#catchUp();
    const first = Math.max(from, this.#seen.first);
    return first > to ? 0 : to - first + 1 - this.#seen.count(first, to);
  }

  #fold(event: LoggedEvent, now: number): void {
    this.#folded = event.seq;
    const seen = this.see(event);
    if (seen === undefined) return;
    this.#seen.add(event.seq);
    this.#latest?.put(seen, now);
    this.#recent?.put(seen);
  }

  #catchUp(): void {
    const { log, lastAppendAt } = this.#stream;
    if (this.#folded === log.head) return;
    if (this.#folded === undefined || this.#folded + 1 < log.oldest) this.#rebuild();
    for (let seq = this.#folded! + 1; seq <= log.head; seq++) {
      this.#fold(log.get(seq)!, lastAppendAt);
    }
  }

  /**
   * Starts from what the stream holds. Which of the holders' states were taken over or ended before
   * the ring begins is not known: whoever has to be told of that begins anew with a snapshot.
   */
  #rebuild(): void {
    const { log, latest, alerts, lastAppendAt, replayLimit } = this.#stream;
    this.#seen = new NumberSet(log.oldest);
    this.#folded = log.oldest - 1;
    this.#recent = alerts && new RecentKeys(replayLimit);
    for (const event of alerts?.all() ?? []) {
      if (event.seq >= log.oldest) break;
      const seen = this.see(event);
      if (seen !== undefined) this.#recent!.put(seen);
    }
    this.#latest = latest && new LatestStates();
    this.#latest?.raiseHorizon(Math.max(latest!.horizon, log.oldest - 1));
    for (let state = latest?.after(0); state !== undefined; state = state.next) {
      if (state.event.seq >= log.oldest) break;
      const seen = this.see(state.event);
      if (seen !== undefined) this.#latest!.put(seen, lastAppendAt);
    }
  }
}
