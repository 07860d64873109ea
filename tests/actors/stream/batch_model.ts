/**
 * An oracle of the fan-out to v2 readers that knows nothing of how it works: what was published, what
 * each reader asked for, and from that, what every single frame may say.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  MIN_THROTTLE_MILLIS,
  PARK_MILLIS,
  RECOVERY_LEVEL,
} from "../../../actors/stream/delivery.ts";
import {
  HARD_CAP_BYTES,
  HIGH_WATER_BYTES,
  LOW_WATER_BYTES,
} from "../../../actors/stream/subscriber.ts";
import type { Channel } from "../../../protocol/channels.ts";
import type { ChannelSubscription } from "../../../protocol/v2/client_message.ts";
import { EventArchive } from "../../support/event_archive.ts";
import { EPOCH, fillBuffer, FLUSH, StreamFixture } from "../../support/stream_fixture.ts";
import { settle } from "../../support/test_clock.ts";
import { type BatchCommand, type BatchScenario, KEYS, MODEL_CHANNELS } from "./batch_scenarios.ts";
import { Counts, ModelReader, type ReaderObserver } from "./batch_reader.ts";
import { BatchSession, SNAPSHOT_LIMIT } from "./batch_session.ts";
import { ChannelTruth, fieldsOf } from "./batch_truth.ts";

/** Steps of 100 ms that an end of everything may take: one token a second, a frame per event. */
const MAX_SETTLING_STEPS = 1_000;

/** A wait that is longer takes one step, as an hour of ticks is of no interest. */
const MAX_TICKING_MILLIS = 1_000;

/** What floats may be wrong by. */
const EPSILON = 1e-6;

/** Runs a {@link BatchScenario} against the fan-out and checks every frame, call and counter of it. */
export class BatchModel implements ReaderObserver {
  readonly fixture: StreamFixture;
  readonly #sendMillis: number;
  readonly #readers: readonly ModelReader[];
  readonly #store: EventArchive | undefined;
  readonly #truths: ReadonlyMap<Channel, ChannelTruth>;
  #step = 0;
  #fault: unknown;
  readonly #counts = new Map<Channel, Counts>(MODEL_CHANNELS.map((name) => [name, new Counts()]));

  /** Joins the readers. */
  constructor({ ring, sendMillis, stored, readers }: BatchScenario) {
    this.#store = stored ? new EventArchive() : undefined;
    this.fixture = new StreamFixture(ring, {
      snapshotLimit: SNAPSHOT_LIMIT,
      ...(this.#store && { store: this.#store }),
    });
    this.#sendMillis = sendMillis;
    this.#truths = new Map(MODEL_CHANNELS.map((name) => [name, new ChannelTruth(name, ring)]));
    this.#readers = readers.map((plan) => new ModelReader(this, plan));
  }

  /** Lets one thing happen and checks what can be checked at any moment. */
  async run(step: BatchCommand): Promise<void> {
    const { clock } = this.fixture;
    switch (step.do) {
      case "publish":
        this.#publish(step);
        break;
      case "turn":
        clock.turn();
        break;
      case "turns":
        clock.turns();
        break;
      case "tick":
        this.#wait(FLUSH);
        await this.#read();
        break;
      case "advance":
        for (const who of this.#readers) this.#advance(who);
        break;
      case "wait":
        this.#wait(step.ms);
        break;
      case "congestion":
        this.#congest(step);
        break;
      case "drain":
        this.#pick(step.reader).socket.drain(step.bytes);
        break;
      case "subscribe":
        for (const who of step.reader === "all" ? this.#readers : [this.#pick(step.reader)]) {
          this.#subscribe(who, step);
        }
        break;
      case "unsubscribe":
        this.#unsubscribe(this.#pick(step.reader), step.channel);
        break;
      case "leave":
        this.#leave(this.#pick(step.reader));
        break;
      case "break":
      case "mend":
        if (this.#store) this.#store.failing = step.do === "break";
        break;
      case "retain":
        this.#store?.forget("risk-alerts", this.#truth("risk-alerts").head - step.newest);
        break;
    }
    this.#check();
  }

  /** Lets peers read and time pass until nothing is left to do, and checks who knows what then. */
  async settle(): Promise<void> {
    if (this.#store) this.#store.failing = false;
    this.fixture.clock.turns();
    for (let step = 0; !this.#isSettled(); step++) {
      assert.ok(step < MAX_SETTLING_STEPS, `something never arrives: ${this.#describe()}`);
      for (const each of this.#readers) each.socket.drain(Infinity);
      this.#wait(100);
      await this.#read();
      this.fixture.clock.turns();
      if (step % 10 === 9) { for (const who of this.#readers) this.#advance(who); }
      this.#check();
    }
    for (const { sessions } of this.#readers) {
      for (const session of sessions.values()) session.assertEnd();
    }
  }

  /** What goes wrong in a callback may be caught by what is tested, and must not be lost. */
  watch(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#fault ??= error;
      throw error;
    }
  }

  /** A frame is about to be sent. */
  sent(to: ModelReader, text: string, bytes: number, before: number): void {
    const frame = JSON.parse(text);
    const session = to.sessions.get(frame.channel);
    assert.ok(session && !to.left, `${frame.channel} was sent to one that is not subscribed`);
    assert.ok(before + bytes <= HARD_CAP_BYTES, `${before} + ${bytes} bytes exceed the cap`);
    const now = this.fixture.clock.now();
    const counts = this.#counts.get(frame.channel)!;
    if (frame.type === "snapshot") {
      session.snapshot(frame, text.length, to.throttle !== undefined);
      assert.ok(before < HIGH_WATER_BYTES, `a snapshot beyond the mark: ${before}`);
    } else {
      const where = {
        now,
        step: this.#step,
        throttle: to.throttle,
        unhindered: to.unhindered,
        exact: this.#sendMillis === 0,
      };
      const { metered, countsAs } = session.events(frame, text.length, where);
      assert.ok(!(metered || frame.replay) || before < HIGH_WATER_BYTES, `${before} are buffered`);
      if (metered) this.#meter(to, now);
      for (const each of [to.counts, counts]) each.skip(countsAs, frame.skipped);
    }
    to.counts.sent += frame.events.length;
    counts.sent += frame.events.length;
    this.fixture.clock.spend(this.#sendMillis);
  }

  /** The control plane is told that a reader is streamed again. */
  recovered(who: ModelReader): void {
    const now = this.fixture.clock.now();
    assert.notEqual(who.throttle, undefined, "recovered without having been throttled");
    if (this.#sendMillis === 0) assert.ok(now - who.throttledAt >= MIN_THROTTLE_MILLIS);
    assert.ok(who.socket.bufferedAmount < LOW_WATER_BYTES);
    who.refill(now);
    if (this.#sendMillis === 0) {
      assert.ok(who.tokens >= who.plan.rate * RECOVERY_LEVEL - EPSILON, `${who.tokens} tokens`);
    }
    who.throttle = undefined;
    for (const session of who.sessions.values()) session.recovered();
  }

  /** The control plane is told that a reader cannot be served without a hole: it leaves. */
  tooSlow(who: ModelReader): void {
    assert.equal(who.left, false);
    const session = who.sessions.get("risk-alerts");
    const oldest = this.#store?.oldest("risk-alerts") ?? this.#truth("risk-alerts").oldest;
    assert.ok(session && session.at + 1 < oldest, "too slow, though nothing is lost");
    this.#leave(who);
  }

  #meter(who: ModelReader, now: number): void {
    if (who.plan.rate === 0) return;
    who.refill(now);
    who.tokens -= 1;
    if (this.#sendMillis === 0) assert.ok(who.tokens >= -EPSILON, "sent faster than the rate");
  }

  #publish({ channel, key, kind, fill, times }: Extract<BatchCommand, { do: "publish" }>): void {
    const truth = this.#truth(channel);
    for (let index = 0; index < times; index++) {
      const next = KEYS[(KEYS.indexOf(key) + index) % KEYS.length]!;
      const ends = kind === "state" || truth.isLossless ? undefined : kind;
      const fields = fieldsOf(channel, next, truth.head + 1);
      const event = this.fixture.append(channel, next, { fill, fields, ...(ends && { ends }) });
      truth.add(event, this.fixture.clock.now());
    }
  }

  /** Buffers stay full until their readers are conflated, and then have room but are not read. */
  #congest({ channel, ticks }: Extract<BatchCommand, { do: "congestion" }>): void {
    for (let tick = 0; tick < ticks; tick++) {
      for (const { plan, reader } of this.#readers) {
        const full = tick * FLUSH <= PARK_MILLIS + FLUSH;
        if (!plan.prompt) fillBuffer(reader, full ? HIGH_WATER_BYTES : LOW_WATER_BYTES + 1);
      }
      this.#publish({ do: "publish", channel, key: "a", kind: "state", fill: 0, times: 1 });
      this.fixture.clock.turns();
      this.#wait(FLUSH);
      this.fixture.clock.turns();
    }
  }

  /** Time passes. What ticks meanwhile is sent in its turn, unless the process is busy. */
  #wait(ms: number): void {
    const { clock } = this.fixture;
    const until = clock.now() + ms;
    if (clock.waiting === 0 && ms <= MAX_TICKING_MILLIS) {
      while (clock.now() < until) {
        clock.advance(Math.min(until - clock.now(), FLUSH - clock.now() % FLUSH));
        clock.turns();
      }
      return;
    }
    clock.advance(ms);
    for (const { sessions } of this.#readers) {
      for (const session of sessions.values()) session.excuse(clock.now());
    }
  }

  /** Lets the store answer. */
  async #read(): Promise<void> {
    if (this.#store?.take().length) await settle();
  }

  #advance(who: ModelReader): void {
    if (who.left) return;
    const now = this.fixture.clock.now();
    for (const [channel, session] of who.sessions) {
      if (session.at < this.#truth(channel).head || session.owesSnapshot) session.flush(now);
    }
    this.fixture.fanout.flushProgress(who.reader.subscriber, 0);
    if (!who.unhindered) return;
    for (const [channel, { at, caughtUp }] of who.sessions) {
      const { head, oldest, isLossless } = this.#truth(channel);
      if (caughtUp && (!isLossless || at + 1 >= oldest)) assert.equal(at, head, "not advanced");
    }
  }

  #subscribe(who: ModelReader, plan: Extract<BatchCommand, { do: "subscribe" }>): void {
    if (who.left) return;
    const { channel, snapshot, filter, intervalMs, conflate } = plan;
    const { fanout, clock } = this.fixture;
    const truth = this.#truth(channel);
    const asked: ChannelSubscription = {
      channel,
      snapshot,
      intervalMs,
      conflate,
      ...(filter && { filter }),
      ...(plan.since && { since: placeOf(plan.since, truth.head) }),
    };
    const start = this.fixture.subscribe(who.reader.subscriber, asked);
    const session = who.sessions.get(channel);
    if (session === undefined) {
      const oldest = this.#store?.oldest(channel) ?? Infinity;
      who.sessions.set(channel, new BatchSession(truth, asked, start, oldest, clock.now()));
    } else {
      session.reopened(asked, start, clock.now());
    }
    if (who.throttle !== undefined) who.sessions.get(channel)!.conflating();
    fanout.start(who.reader.subscriber, channel);
  }

  #unsubscribe(who: ModelReader, channel: Channel): void {
    const { epoch, seq } = this.fixture.fanout.unsubscribe(who.reader.subscriber, channel);
    assert.equal(epoch, EPOCH);
    const session = who.sessions.get(channel);
    if (session === undefined) assert.equal(seq, this.#truth(channel).head);
    else session.assertReached(seq);
    who.sessions.delete(channel);
    // Without a subscription there is nothing to conflate; the control plane asked for it itself.
    if (who.sessions.size === 0) who.throttle = undefined;
  }

  #leave(who: ModelReader): void {
    who.sessions.clear();
    who.throttle = undefined;
    who.left = true;
    this.fixture.fanout.remove(who.reader.subscriber);
  }

  #pick(index: number): ModelReader {
    return this.#readers[index % this.#readers.length]!;
  }

  #truth(channel: Channel): ChannelTruth {
    return this.#truths.get(channel)!;
  }

  /** What holds between any two steps. */
  #check(): void {
    this.#step += 1;
    if (this.#fault !== undefined) throw this.#fault;
    for (const { reader: { subscriber }, counts, throttle } of this.#readers) {
      assert.equal(subscriber.eventsSent, counts.sent);
      assert.equal(subscriber.eventsSkipped, counts.total);
      assert.equal(subscriber.throttle, throttle);
    }
    for (const [name, { sent, skipped }] of this.#counts) {
      const stream = this.fixture.stream(name);
      const told = { ...stream.shed, conflated: stream.conflated };
      for (const [reason, count] of Object.entries(told)) {
        assert.equal(count, skipped.get(reason) ?? 0, `${reason} of ${name}`);
      }
      assert.equal(stream.sent, sent);
      assert.equal(stream.published, this.#truth(name).head);
      const subscribed = this.#readers.filter(({ sessions }) => sessions.has(name)).length;
      assert.equal(this.fixture.readers(name).count, subscribed);
    }
    if (this.fixture.clock.waiting === 0) this.#checkPromptness();
  }

  /** Who is held up by nothing is current, but for what waits for its tick. */
  #checkPromptness(): void {
    const now = this.fixture.clock.now();
    for (const { sessions, unhindered } of this.#readers) {
      for (const [channel, session] of sessions) {
        const { head, oldest, isLossless, publishedAt } = this.#truth(channel);
        if (session.at === head) session.caughtUp = true;
        else if (unhindered && session.caughtUp && !session.filtered) {
          if (isLossless) assert.ok(session.at + 1 < oldest, `${channel} ${session.at} waits`);
          else if (this.#sendMillis === 0) {
            const waited = now - publishedAt[session.at]!;
            assert.ok(waited < session.interval, `${channel} ${session.at + 1} waits ${waited} ms`);
          }
        }
      }
    }
  }

  #isSettled(): boolean {
    const { fanout, clock } = this.fixture;
    if (fanout.held > 0 || clock.waiting > 0) return false;
    return this.#readers.every(({ sessions, throttle }) =>
      throttle === undefined &&
      [...sessions].every(([name, { at, owesSnapshot }]) =>
        at === this.#truth(name).head && !owesSnapshot
      )
    );
  }

  #describe(): string {
    const readers = this.#readers.map(({ sessions }) =>
      [...sessions].map(([name, { at }]) => `${name} at ${at} of ${this.#truth(name).head}`)
        .join("; ")
    );
    return `${readers.join(" | ")} (${this.fixture.fanout.held} held)`;
  }
}

function placeOf(
  plan: NonNullable<Extract<BatchCommand, { do: "subscribe" }>["since"]>,
  head: number,
) {
  switch (plan.kind) {
    case "behind":
      return { epoch: EPOCH, seq: Math.max(0, head - plan.by) };
    case "beyond":
      return { epoch: EPOCH, seq: head + 1 };
    case "elsewhere":
      return { epoch: "e0", seq: 1 };
  }
}
