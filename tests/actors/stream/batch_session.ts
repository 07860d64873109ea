/**
 * An oracle of one v2 subscription: what every frame of it may say, from what was published and what
 * was asked.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Start } from "../../../actors/stream/start.ts";
import type { ChannelSubscription, Filter } from "../../../protocol/v2/client_message.ts";
import type { EventsV2, EventV2, SnapshotV2 } from "../../../protocol/v2/server_message.ts";
import type { z } from "zod";
import { EPOCH, FLUSH } from "../../support/stream_fixture.ts";
import type { ChannelTruth } from "./batch_truth.ts";

/** Most events in the snapshot of a lossless channel of the model. */
export const SNAPSHOT_LIMIT = 7;

/** Characters that a frame adds to its events, at most. */
const ENVELOPE = 200;

/** Characters of events after which a frame ends (64 Ki). */
const MAX_FRAME_LENGTH = 65_536;

/** What the oracle knows of the connection at the time of a frame. */
export interface Circumstances {
  readonly now: number;
  /** Counts what happens, so that frames of one moment can be told. */
  readonly step: number;
  /** Why it is conflated, if it is. */
  readonly throttle: string | undefined;
  /** Whether nothing can hold it up: no rate, and a peer that reads at once. */
  readonly unhindered: boolean;
  /** Whether the fan-out sees time as it is. */
  readonly exact: boolean;
}

/** A snapshot that is owed or under way. */
interface Pending {
  readonly seq: number;
  readonly expected: readonly number[];
  /** Whether it is seen as the client wants it now. */
  current: boolean;
  readonly got: number[];
}

/** See the module. */
export class BatchSession {
  /** The last number accounted for. */
  at: number;
  /** Whether it was once current, and so waits for nothing old. */
  caughtUp = false;
  readonly #truth: ChannelTruth;
  #asked: ChannelSubscription;
  /** How it was filtered since the last frame: a snapshot may have been taken then. */
  #filters: (Filter | undefined)[];
  /** The last number that the client missed before it came. */
  #replayTo = 0;
  #pending: Pending | undefined;
  #table = new Map<string, number>();
  /** Whether the table is all there is, not only what came after {@link BatchSession.#base}. */
  #complete = false;
  #base: number;
  #flushing = false;
  /** When it last began behind the ring: from there it is conflated up to the head. */
  #overrunIn = -1;
  #wasConflated = false;
  #batchAt = -Infinity;
  #excusedAt: number;
  #throttledBatch: { at: number; interval: number } | undefined;

  constructor(
    truth: ChannelTruth,
    asked: ChannelSubscription,
    start: Start,
    oldest: number,
    now: number,
  ) {
    this.#truth = truth;
    this.#asked = asked;
    this.#filters = [asked.filter];
    this.#excusedAt = now;
    this.at = this.#base = truth.head;
    const { since, snapshot } = asked;
    const { head } = truth;
    const place = { epoch: EPOCH, seq: head };
    if (since === undefined) {
      assert.deepEqual(start, { kind: snapshot ? "snapshot" : "live", ...place });
    } else if (since.epoch !== EPOCH) {
      assert.deepEqual(start, { kind: "snapshot", ...place, recovered: false });
    } else if (since.seq > head) {
      const lost = { recovered: false, lost: 0, rolledBack: true };
      assert.deepEqual(start, { kind: "snapshot", ...place, ...lost });
    } else if (this.#isRecoverable(since.seq, oldest)) {
      assert.deepEqual(start, { kind: "resume", epoch: EPOCH, seq: since.seq, recovered: true });
      this.at = since.seq;
      this.#replayTo = head;
      this.#table = truth.table(since.seq, asked.filter);
      this.#complete = true;
    } else {
      const lost = { recovered: false, lost: head - since.seq };
      assert.deepEqual(start, { kind: "snapshot", ...place, ...lost });
    }
    if (start.kind === "snapshot") this.#oweSnapshot();
  }

  get interval(): number {
    if (this.#truth.isLossless) return 0;
    return Math.max(1, Math.ceil(this.#asked.intervalMs / FLUSH)) * FLUSH;
  }

  get filtered(): boolean {
    return this.#asked.filter !== undefined;
  }

  get owesSnapshot(): boolean {
    return this.#pending !== undefined;
  }

  /** The client subscribes again. */
  reopened(asked: ChannelSubscription, start: Start, now: number): void {
    const changed = JSON.stringify(asked.filter) !== JSON.stringify(this.#asked.filter);
    this.#asked = asked;
    this.#filters.push(asked.filter);
    this.#excusedAt = now;
    this.caughtUp = false;
    assert.deepEqual(start, { kind: "live", epoch: EPOCH, seq: start.seq });
    if (asked.snapshot) {
      assert.equal(start.seq, this.#truth.head);
      this.#filters = [asked.filter];
      this.#oweSnapshot();
      return;
    }
    this.assertPlace(start.seq);
    if (!changed) return;
    if (this.#pending) this.#pending.current = false;
    this.#forget(this.at);
  }

  /** Checks the place that the client is told it has reached. */
  assertPlace(seq: number): void {
    if (this.#pending !== undefined) assert.equal(seq, this.#pending.seq);
    else if (!this.#isUnderHorizon()) assert.equal(seq, this.at);
    else assert.ok(seq >= this.at && seq <= this.#truth.head);
  }

  /** Checks the place that the client is told when it leaves: none, when a snapshot was still owed. */
  assertReached(seq: number): void {
    if (this.#pending !== undefined) assert.equal(seq, 0);
    else if (seq !== 0 || !this.#isUnderHorizon()) this.assertPlace(seq);
  }

  /** The gateway is asked to tell how far the channel has come. */
  flush(now: number): void {
    this.#flushing = true;
    this.#excusedAt = now;
  }

  /** Batches of this moment come at no tick. */
  excuse(now: number): void {
    this.#excusedAt = now;
  }

  /** The connection is conflated: a snapshot may be taken for it, and sent much later. */
  conflating(): void {
    this.#wasConflated = true;
  }

  /** The connection is streamed again. */
  recovered(): void {
    this.#throttledBatch = undefined;
  }

  /** A batch arrives. Returns whether it is metered, and what its skipped numbers count as. */
  events(frame: z.infer<typeof EventsV2>, length: number, where: Circumstances) {
    const { from, to, skipped, filtered, replay, events } = frame;
    const truth = this.#truth;
    assert.equal(this.#pending, undefined, `a batch before the end of a snapshot: ${from}-${to}`);
    assert.equal(from, this.at + 1, "contiguity");
    assert.ok(to >= from && to <= truth.head, `a range of ${from}-${to}`);
    assert.equal(events.length + skipped + filtered, to - from + 1);
    assert.equal(replay, from <= this.#replayTo, `replay of ${from}-${to}`);
    if (replay) assert.ok(to <= this.#replayTo, `${from}-${to} straddles ${this.#replayTo}`);
    assert.ok(length <= MAX_FRAME_LENGTH + ENVELOPE || events.length === 1, `${length} long`);
    this.#assertEvents(events);
    const conflated = !replay && !truth.isLossless &&
      (this.#asked.conflate || where.throttle !== undefined);
    if (from < truth.oldest) this.#overrunIn = where.step;
    this.#assertContent(frame, conflated, this.#overrunIn === where.step);
    if (!replay && events.length === 0 && !this.#flushing) {
      assert.ok(to - from + 1 >= truth.emptyFrameRange, `nothing in ${from}-${to}`);
    }
    if (!replay && !truth.isLossless) this.#assertPace(where, truth.publishedAt[to - 1]!);
    for (const { seq } of events) this.#learn(seq);
    this.at = to;
    this.#filters = [this.#asked.filter];
    this.#flushing &&= replay;
    this.#wasConflated = where.throttle !== undefined;
    if (replay) return { metered: false, countsAs: "ring_overrun" };
    const countsAs = where.throttle ?? (this.#asked.conflate ? "conflated" : "ring_overrun");
    return { metered: !truth.isLossless, countsAs };
  }

  /** A part of a snapshot arrives. */
  snapshot(frame: z.infer<typeof SnapshotV2>, length: number, throttled: boolean): void {
    const { seq, events, last } = frame;
    this.#wasConflated ||= throttled;
    const pending = this.#pending ??= this.#rebase(frame);
    assert.equal(frame.epoch, EPOCH);
    assert.equal(seq, pending.seq);
    assert.ok(length <= MAX_FRAME_LENGTH + ENVELOPE || events.length === 1, `${length} long`);
    pending.got.push(...events.map((event) => event.seq));
    const { got, expected } = pending;
    assert.deepEqual(got, expected.slice(0, got.length), `the snapshot at ${seq}`);
    assert.equal(last, got.length === expected.length);
    this.#assertData(events);
    if (!last) return;
    this.at = seq;
    this.#replayTo = 0;
    this.#table = new Map(got.map((one) => [this.#truth.event(one).key, one]));
    this.#complete = true;
    if (!pending.current) this.#forget(seq);
    this.#pending = undefined;
    this.#filters = [this.#asked.filter];
  }

  /** Everything has arrived: the client knows what there is to know. */
  assertEnd(): void {
    const truth = this.#truth;
    assert.deepEqual([this.at, this.#pending], [truth.head, undefined]);
    if (truth.isLossless) return;
    const expected = [...truth.table(truth.head, this.#asked.filter)]
      .filter(([, seq]) => this.#complete || seq > this.#base);
    assert.deepEqual([...this.#table].sort(), expected.sort(), "the table at the end");
  }

  #isRecoverable(seq: number, oldestStored: number): boolean {
    if (seq + 1 >= this.#truth.oldest) return true;
    return this.#truth.isLossless ? seq + 1 >= oldestStored : seq >= this.#truth.horizon;
  }

  #isUnderHorizon(): boolean {
    return !this.#truth.isLossless && this.at + 1 <= this.#truth.horizon;
  }

  #oweSnapshot(): void {
    const { head } = this.#truth;
    const expected = this.#truth.snapshot(head, this.#asked.filter, SNAPSHOT_LIMIT);
    this.#pending = { seq: head, expected, current: true, got: [] };
  }

  /** A snapshot that nobody asked for replaces what can no longer be told. */
  #rebase({ seq, events, last }: z.infer<typeof SnapshotV2>): Pending {
    const { head, oldest } = this.#truth;
    assert.ok(this.#isUnderHorizon(), "a snapshot that nobody needs");
    const conflated = this.#asked.conflate || this.#wasConflated || this.#filters.length > 1;
    assert.ok(this.at + 1 < oldest || conflated, "a snapshot though everything is in the ring");
    assert.ok(seq > this.at && seq <= head);
    const got = events.map((event) => event.seq).join();
    // It may have been taken before the last change of the filter.
    const tables = this.#filters.map((filter) => [...this.#truth.table(seq, filter).values()]);
    const expected =
      tables.findLast((table) =>
        table.slice(0, events.length).join() === got && last === (table.length === events.length)
      ) ?? tables.at(-1)!;
    return { seq, expected, current: this.#filters.length === 1, got: [] };
  }

  #assertEvents(events: readonly EventV2[]): void {
    let previous = this.at;
    for (const { seq } of events) {
      assert.ok(seq > previous, `${seq} after ${previous}`);
      previous = seq;
    }
    this.#assertData(events);
  }

  #assertData(events: readonly EventV2[]): void {
    for (const { seq, timestamp, data } of events) {
      const event = this.#truth.event(seq);
      assert.equal(timestamp, event.timestamp);
      assert.equal(JSON.stringify(data), event.data);
    }
  }

  /** Which events are there, and what the others count as. */
  #assertContent(frame: z.infer<typeof EventsV2>, conflated: boolean, overrun: boolean): void {
    const { from, to, skipped, filtered, replay, events } = frame;
    const { filter } = this.#asked;
    const truth = this.#truth;
    const seqs = events.map(({ seq }) => seq);
    const admitted = truth.admitted(from, to, filter);
    if (skipped === 0) {
      assert.deepEqual(seqs, admitted, `the events of ${from}-${to}`);
    } else {
      assert.ok(!truth.isLossless, `${skipped} alerts skipped`);
      assert.ok(conflated || overrun, `skipped ${skipped} for no reason`);
      // What left the ring cannot be looked at any more: it counts as skipped.
      const known = Math.max(from, truth.oldest);
      const excluded = Math.max(0, to - known + 1) - truth.admitted(known, to, filter).length;
      assert.equal(filtered, excluded, `filtered of ${from}-${to}`);
    }
    if (skipped > 0 || conflated) {
      assert.deepEqual(seqs, truth.conflated(from, to, filter), `the latest of ${from}-${to}`);
    }
    if (filter === undefined) assert.equal(filtered, 0);
    if (replay) assert.ok(skipped === 0 || from < truth.oldest);
  }

  /** Batches do not come more often than the client wants. */
  #assertPace({ now, throttle, unhindered, exact }: Circumstances, publishedAt: number): void {
    if (!exact) return;
    const { interval } = this;
    if (throttle !== undefined) {
      const before = this.#throttledBatch;
      const inTime = before === undefined || now === before.at ||
        now >= before.at + before.interval;
      assert.ok(inTime, `throttled batches at ${before?.at} and ${now}`);
      this.#throttledBatch = { at: now, interval };
    }
    if (!unhindered) this.#excusedAt = now;
    const tick = Math.floor(now / interval);
    if (Math.floor(this.#excusedAt / interval) !== tick) {
      const onTime = now % interval === 0 || publishedAt === now;
      assert.ok(onTime, `${publishedAt} was sent at ${now}, between ticks of ${interval}`);
      const again = this.#batchAt !== now && Math.floor(this.#batchAt / interval) === tick;
      assert.ok(!again, `batches at ${this.#batchAt} and ${now} with an interval of ${interval}`);
    }
    this.#batchAt = now;
  }

  #learn(seq: number): void {
    const { key, ends } = this.#truth.event(seq);
    if (ends === undefined) this.#table.set(key, seq);
    else this.#table.delete(key);
  }

  /** Through another filter, what came before says nothing. */
  #forget(base: number): void {
    this.#complete = false;
    this.#base = base;
    this.#table.clear();
  }
}
