/**
 * An oracle of the fan-out that knows nothing of how it works: what was published, what each reader
 * asked for, and from that, what every single frame may say.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ShedReason } from "../../../actors/operations.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
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
import { type Channel, CHANNEL_SPECS } from "../../../protocol/channels.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import { FLUSH, type Reader, StreamFixture } from "../../support/stream_fixture.ts";
import { type Command, KEYS, MODEL_CHANNELS, type Scenario } from "./fanout_scenarios.ts";

/** Steps of 100 ms that an end of everything may take: one token a second, two channels, six keys. */
const MAX_SETTLING_STEPS = 600;

/** What floats may be wrong by. */
const EPSILON = 1e-6;

/** From a subscription to its end. */
interface Session {
  /** The first number that it is owed. */
  readonly start: number;
  /** The last number delivered live; the one before {@link Session.start} at first. */
  delivered: number;
  /** What is left of the last replay asked for. */
  replay: number[];
  /** The last number delivered live, per key. */
  readonly last: Map<string, number>;
}

/** How many numbers were passed over, and how many of them were removals, which v1 cannot see. */
interface Passed {
  total: number;
  removals: number;
}

/** One reader as the model sees it. */
class ModelReader {
  readonly sessions = new Map<Channel, Session>();
  readonly passed: Passed = { total: 0, removals: 0 };
  readonly socket: FakeSocket;
  readonly reader: Reader;
  readonly rate: number;
  left = false;
  throttledAt: number | undefined;
  emptyAt: number;
  frames = 0;
  tokens: number;
  #tokensAt: number;

  constructor(model: FanoutModel, rate: number) {
    const now = model.fixture.clock.now();
    this.rate = rate;
    this.tokens = rate;
    this.#tokensAt = now;
    this.emptyAt = now;
    this.socket = new FakeSocket((frame, bytes, before) => model.sent(this, frame, bytes, before));
    this.reader = model.fixture.reader({
      rate,
      socket: this.socket,
      control: {
        throttled: (reason) => model.throttled(this, reason),
        recovered: () => model.recovered(this),
        tooSlow: () => model.tooSlow(this),
      },
    });
  }

  refill(now: number): void {
    this.tokens = Math.min(this.rate, this.tokens + (now - this.#tokensAt) * this.rate / 1_000);
    this.#tokensAt = now;
  }
}

/** Runs a {@link Scenario} against the fan-out and checks every frame, call and counter of it. */
export class FanoutModel {
  readonly fixture: StreamFixture;
  readonly #ring: number;
  readonly #sendMillis: number;
  readonly #readers: readonly ModelReader[];
  readonly #truth = new Map<Channel, StoredEvent[]>(MODEL_CHANNELS.map((name) => [name, []]));
  readonly #passed = new Map<Channel, Passed>(
    MODEL_CHANNELS.map((name) => [name, { total: 0, removals: 0 }]),
  );
  readonly #sent = new Map<Channel, number>(MODEL_CHANNELS.map((name) => [name, 0]));

  /** Joins the readers and subscribes them. */
  constructor({ ring, sendMillis, readers }: Scenario) {
    this.fixture = new StreamFixture(ring);
    this.#ring = ring;
    this.#sendMillis = sendMillis;
    this.#readers = readers.map(({ rate }) => new ModelReader(this, rate));
    readers.forEach(({ channels }, index) => {
      for (const name of channels) this.#subscribe(this.#readers[index]!, name, 0);
    });
  }

  /** Lets one thing happen and checks what can be checked at any moment. */
  run(step: Command): void {
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
        clock.advance(FLUSH);
        break;
      case "wait":
        clock.advance(step.ms);
        break;
      case "drain":
        this.#drain(this.#pick(step.reader), step.bytes);
        break;
      case "subscribe":
        this.#subscribe(this.#pick(step.reader), step.channel, step.limit);
        break;
      case "unsubscribe":
        this.#unsubscribe(this.#pick(step.reader), step.channel);
        break;
      case "leave":
        this.#leave(this.#pick(step.reader));
        break;
    }
    this.#check();
  }

  /** Lets peers read and time pass until nothing is left to do, and checks who knows what then. */
  settle(): void {
    for (let step = 0; !this.#isSettled(); step++) {
      assert.ok(step < MAX_SETTLING_STEPS, `something never arrives: ${this.#describe()}`);
      for (const each of this.#readers) this.#drain(each, Infinity);
      this.fixture.tick(100);
      this.#check();
    }
    for (const { sessions } of this.#readers) {
      for (const [name, session] of sessions) this.#checkLast(name, session);
    }
  }

  /** A frame is about to be sent. */
  sent(to: ModelReader, frame: string, bytes: number, before: number): void {
    const { channel: name, data, replay, meta } = JSON.parse(frame);
    const seq = Number(meta.seq);
    const session = to.sessions.get(name);
    assert.ok(session, `${name} ${seq} was sent to one that is not subscribed`);
    const event = this.#truth.get(name)![seq - 1]!;
    assert.deepEqual([data.id, data.n], [event.key, seq]);
    assert.notEqual(event.ends, "removed");
    const metered = replay || CHANNEL_SPECS[name as Channel].lane !== "lossless";
    assert.ok(
      !metered || before < HIGH_WATER_BYTES,
      `sent beyond the mark: ${before} are buffered`,
    );
    assert.ok(before + bytes <= HARD_CAP_BYTES, `${before} + ${bytes} bytes exceed the cap`);
    if (replay) {
      assert.equal(seq, session.replay.shift(), `replay of ${name}`);
      assert.equal(meta.skipped, undefined);
    } else {
      this.#live(to, name, session, event, Number(meta.skipped ?? 0));
    }
    to.frames += 1;
    this.#sent.set(name, this.#sent.get(name)! + 1);
    this.fixture.clock.spend(this.#sendMillis);
  }

  /** The control plane is told that a reader is conflated from now on. */
  throttled(who: ModelReader, reason: ShedReason): void {
    const now = this.fixture.clock.now();
    assert.equal(who.throttledAt, undefined, "throttled twice");
    assert.equal(who.left, false);
    who.throttledAt = now;
    if (reason === "rate_limit") {
      who.refill(now);
      assert.notEqual(who.rate, 0);
      if (this.#exact) assert.ok(who.tokens < 1 + EPSILON, `${who.tokens} tokens left`);
    } else {
      assert.equal(reason, "slow_consumer");
      if (this.#exact) assert.ok(now - who.emptyAt >= PARK_MILLIS, "it just read everything");
    }
  }

  /** The control plane is told that a reader is streamed again. */
  recovered(who: ModelReader): void {
    const now = this.fixture.clock.now();
    assert.notEqual(who.throttledAt, undefined, "recovered without having been throttled");
    if (this.#exact) assert.ok(now - who.throttledAt! >= MIN_THROTTLE_MILLIS);
    assert.ok(who.socket.bufferedAmount < LOW_WATER_BYTES);
    who.refill(now);
    if (this.#exact) assert.ok(who.tokens >= who.rate * RECOVERY_LEVEL - EPSILON);
    who.throttledAt = undefined;
  }

  /** The control plane is told that a reader cannot be served without a hole: it leaves. */
  tooSlow(who: ModelReader): void {
    assert.equal(who.left, false);
    const { log } = this.fixture.stream("risk-alerts");
    const session = who.sessions.get("risk-alerts");
    assert.ok(session && session.delivered + 1 < log.oldest, "too slow, though nothing is lost");
    this.#leave(who);
  }

  /** Whether sending takes no time: else the fan-out may see time pass a few frames late. */
  get #exact(): boolean {
    return this.#sendMillis === 0;
  }

  #live(
    to: ModelReader,
    name: Channel,
    session: Session,
    event: StoredEvent,
    skipped: number,
  ): void {
    assert.deepEqual(session.replay, [], `live ${name} ${event.seq} before the end of a replay`);
    assert.equal(skipped, event.seq - session.delivered - 1, `skipped of ${name} ${event.seq}`);
    if (CHANNEL_SPECS[name].lane === "lossless") {
      assert.equal(skipped, 0);
    } else if (to.rate > 0) {
      to.refill(this.fixture.clock.now());
      to.tokens -= 1;
      if (this.#exact) assert.ok(to.tokens >= -EPSILON, "sent faster than the rate");
    }
    this.#pass(to, name, session.delivered + 1, event.seq - 1);
    session.delivered = event.seq;
    session.last.set(event.key, event.seq);
  }

  /** Notes that the numbers from `first` to `last` were passed over. */
  #pass(who: ModelReader, name: Channel, first: number, last: number): void {
    const events = this.#truth.get(name)!.slice(first - 1, last);
    const removals = events.filter(({ ends }) => ends === "removed").length;
    for (const passed of [who.passed, this.#passed.get(name)!]) {
      passed.total += events.length;
      passed.removals += removals;
    }
  }

  #publish({ channel: name, key, kind, fill, times }: Extract<Command, { do: "publish" }>): void {
    for (let index = 0; index < times; index++) {
      const next = KEYS[(KEYS.indexOf(key) + index) % KEYS.length]!;
      const ends = kind === "state" || CHANNEL_SPECS[name].lane === "lossless" ? undefined : kind;
      const event = this.fixture.append(name, next, { fill, ...(ends && { ends }) });
      this.#truth.get(name)!.push(event);
    }
  }

  #drain(who: ModelReader, bytes: number): void {
    who.socket.drain(bytes);
    if (who.socket.bufferedAmount === 0) who.emptyAt = this.fixture.clock.now();
  }

  #subscribe(who: ModelReader, name: Channel, limit: number): void {
    if (who.left) return;
    const { head } = this.fixture.stream(name).log;
    let session = who.sessions.get(name);
    if (session === undefined) {
      session = { start: head + 1, delivered: head, replay: [], last: new Map() };
      who.sessions.set(name, session);
    }
    const cursor = who.reader.subscriber.cursors.get(name);
    const upTo = cursor === undefined ? head : cursor.next - 1;
    if (limit > 0) session.replay = this.#replay(name, limit, upTo);
    this.fixture.join(who.reader.subscriber, name, limit);
  }

  /** What a replay sends: the last warnings in the ring, or the latest event of each living key. */
  #replay(name: Channel, limit: number, upTo: number): number[] {
    const events = this.#truth.get(name)!;
    if (!(CHANNEL_SPECS[name].snapshot === "latest-per-key")) {
      const held = events.slice(-this.#ring).filter(({ seq }) => seq <= upTo && seq > upTo - limit);
      return held.map(({ seq }) => seq);
    }
    const latest = new Map(events.map((event) => [event.key, event]));
    const living = [...latest.values()].filter(({ ends, seq }) => !ends && seq <= upTo);
    return living.map(({ seq }) => seq).sort((a, b) => a - b).slice(-limit);
  }

  #unsubscribe(who: ModelReader, name: Channel): void {
    this.#close(who, name);
    this.fixture.fanout.unsubscribe(who.reader.subscriber, name);
  }

  #leave(who: ModelReader): void {
    for (const name of [...who.sessions.keys()]) this.#close(who, name);
    who.left = true;
    this.fixture.fanout.remove(who.reader.subscriber);
  }

  /** Ends a session: what is pending will never be told. */
  #close(who: ModelReader, name: Channel): void {
    const session = who.sessions.get(name);
    if (session === undefined) return;
    const { next } = this.fixture.cursor(who.reader, name);
    this.#pass(who, name, session.delivered + 1, next - 1);
    who.sessions.delete(name);
    // Without a subscription there is nothing to conflate; the control plane asked for it itself.
    if (who.sessions.size === 0) who.throttledAt = undefined;
  }

  #pick(index: number): ModelReader {
    return this.#readers[index % this.#readers.length]!;
  }

  /** What holds between any two steps. */
  #check(): void {
    const passedOf = new Map([...this.#passed].map(([name, passed]) => [name, { ...passed }]));
    let skipped = 0;
    for (const who of this.#readers) {
      const { subscriber } = who.reader;
      const passed = { ...who.passed };
      for (const [name, session] of who.sessions) {
        const { next, skipped: pending } = this.fixture.cursor(who.reader, name);
        assert.equal(session.delivered + pending, next - 1, `pending of ${name}`);
        const events = this.#truth.get(name)!.slice(session.delivered, next - 1);
        const removals = events.filter(({ ends }) => ends === "removed").length;
        for (const sum of [passed, passedOf.get(name)!]) {
          sum.total += events.length;
          sum.removals += removals;
        }
      }
      checkShed(subscriber.eventsSkipped, passed, "a reader");
      skipped += subscriber.eventsSkipped;
      assert.equal(subscriber.eventsSent, who.frames);
      assert.equal(subscriber.throttle !== undefined, who.throttledAt !== undefined);
    }
    let shed = 0;
    for (const name of MODEL_CHANNELS) {
      const stream = this.fixture.stream(name);
      const sum = Object.values(stream.shed).reduce((total, count) => total + count, 0);
      checkShed(sum, passedOf.get(name)!, name);
      if (stream.lane === "lossless") assert.equal(sum, 0);
      shed += sum;
      assert.equal(stream.sent, this.#sent.get(name));
      assert.equal(stream.published, this.#truth.get(name)!.length);
      const subscribed = this.#readers.filter(({ sessions }) => sessions.has(name)).length;
      assert.equal(this.fixture.readers(name).count, subscribed);
    }
    assert.equal(shed, skipped);
  }

  /** Whoever is still there has the last state of everything since it came. */
  #checkLast(name: Channel, session: Session): void {
    const events = this.#truth.get(name)!;
    const latest = new Map(events.map((event) => [event.key, event]));
    for (const { key, seq, ends } of latest.values()) {
      if (seq < session.start || ends === "removed") continue;
      assert.equal(session.last.get(key), seq, `the last state of ${name} ${key}`);
    }
    if (CHANNEL_SPECS[name].lane === "lossless") assert.equal(session.delivered, events.length);
  }

  #isSettled(): boolean {
    const { fanout, clock } = this.fixture;
    if (fanout.held > 0 || clock.waiting > 0) return false;
    return this.#readers.every(({ sessions, reader: it, throttledAt }) =>
      throttledAt === undefined &&
      [...sessions].every(([name, { replay }]) =>
        replay.length === 0 && this.fixture.cursor(it, name).lag === 0
      )
    );
  }

  #describe(): string {
    const readers = this.#readers.map(({ sessions, reader: it }) =>
      [...sessions].map(([name, { replay }]) => {
        const { lag } = this.fixture.cursor(it, name);
        return `${name} lags by ${lag}, ${replay.length} to replay`;
      }).join("; ")
    );
    return `${readers.join(" | ")} (${this.fixture.fanout.held} held)`;
  }
}

/** Every number passed over was shed, but for removals, which nobody could be sent in v1. */
function checkShed(shed: number, { total, removals }: Passed, whose: string): void {
  const fits = shed >= total - removals && shed <= total;
  assert.ok(fits, `${whose} shed ${shed} of ${total} skipped, of which ${removals} were removals`);
}
