import assert from "node:assert/strict";
import { Collector, MAX_PENDING_EVENTS } from "../../../actors/collector/collector.ts";
import { PublishError } from "../../../actors/operations.ts";
import type { Logger, StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { ChannelLog } from "../../../actors/stream/channel_log.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { Fanout } from "../../../actors/stream/fanout.ts";
import { MAX_KEYS } from "../../../actors/stream/latest_states.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { parseSubmission, type Submission } from "../../../protocol/publish.ts";
import { marketData, position, removal, riskAlert } from "../../support/events.ts";
import { storedEvent } from "../../support/stream_fixture.ts";
import { settle, TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

/** A store whose commits can be made to wait or to fail. */
class TrialStore extends MemoryStore {
  /** Every batch that was to be committed. */
  readonly batches: (readonly StoredEvent[])[] = [];
  /** What the next commit waits for. */
  gate: Promise<void> | undefined;
  /** How many commits fail from now on. */
  failures = 0;

  constructor() {
    super(100_000, "e1");
  }

  override async commit(batch: readonly StoredEvent[]): Promise<void> {
    this.batches.push(batch);
    await this.gate;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("disk full");
    }
    await super.commit(batch);
  }
}

/** A collector with everything that it works with. */
class Fixture {
  readonly clock = new TestClock();
  readonly store = new TrialStore();
  readonly streams = new Map(CHANNELS.map((channel) => {
    const { epoch, seq } = this.store.head(channel);
    return [channel, new ChannelStream(channel, new ChannelLog(epoch, seq, 100))];
  }));
  readonly errors: string[] = [];
  readonly collector: Collector;

  constructor(dedupeWindowSeconds = 120) {
    const log: Logger = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (message) => void this.errors.push(message),
    };
    const { clock, store, streams } = this;
    const fanout = new Fanout(clock, streams);
    this.collector = new Collector({ clock, log, store, fanout, streams, dedupeWindowSeconds });
  }

  /** Publishes and ends the turn. */
  async publish(bodies: readonly unknown[], principal = "p") {
    const receipt = this.collector.publish(principal, bodies.map(submission));
    receipt.catch(() => {}); // Whoever asked looks at it after the turn.
    await this.clock.advanceAsync(0);
    return await receipt;
  }

  /** Publishes and ends the turn; the answer has to be an error. */
  async refusal(bodies: readonly unknown[], principal = "p"): Promise<PublishError> {
    return await refused(this.publish(bodies, principal));
  }

  /** Numbers that the fan-out has of the positions. */
  get fannedOut(): number {
    return this.streams.get("positions")!.log.head;
  }

  /** Makes so many keys of market data live, past the collector. */
  fill(keys: number): void {
    const { latest } = this.streams.get("market-data")!;
    const v1 = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };
    // The store stays empty: these stand in for states of before.
    for (let index = 0; index < keys; index++) {
      const stored = storedEvent("market-data", 0, `FILL${index}`);
      latest!.put({ stored, seq: 0, v1 }, this.clock.now());
    }
  }
}

function submission(body: unknown): Submission {
  const parsed = parseSubmission(body, "events[0]", TEST_EPOCH);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.submission;
}

async function refused(answer: Promise<unknown>): Promise<PublishError> {
  try {
    await answer;
  } catch (error) {
    assert.ok(error instanceof PublishError, String(error));
    return error;
  }
  assert.fail("was accepted");
}

/** An event with an identity. */
function identified(eventId: string, price = "1.00", symbol = "BTC") {
  return { ...marketData(symbol, price), eventId };
}

const at = (seq: number) => ({ epoch: "e1", seq });

/** Requests of one turn: their answers, or the codes of their errors. */
async function inOneTurn(fixture: Fixture, requests: readonly (readonly unknown[])[]) {
  const answers = Promise.all(requests.map(async (bodies) => {
    try {
      return await fixture.collector.publish("p", bodies.map(submission));
    } catch (error) {
      assert.ok(error instanceof PublishError, String(error));
      return error.code;
    }
  }));
  await fixture.clock.advanceAsync(0);
  return await answers;
}

Deno.test("events are numbered in the order they come, on each channel from 1, without holes", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a"), marketData("BTC", "1"), position("b")]);
  await fixture.publish([marketData("ETH", "2"), position("a")]);
  const stored = fixture.store.batches.flat().map(({ channel, key, seq }) => [channel, key, seq]);
  assert.deepEqual(stored, [
    ["positions", "a", 1],
    ["market-data", "BTC", 1],
    ["positions", "b", 2],
    ["market-data", "ETH", 2],
    ["positions", "a", 3],
  ]);
});

Deno.test("events carry the time of their acceptance", async () => {
  const fixture = new Fixture();
  fixture.clock.advance(5_000);
  await fixture.publish([position("a")]);
  assert.equal(fixture.store.batches[0]![0]!.timestamp, TEST_EPOCH + 5_000);
});

Deno.test("numbers continue the head of the store", async () => {
  const store = new MemoryStore(10, "e1");
  await store.commit([storedEvent("positions", 1, "a"), storedEvent("positions", 2, "a")]);
  const clock = new TestClock();
  const streams = new Map(CHANNELS.map((channel) => {
    const { epoch, seq } = store.head(channel);
    return [channel, new ChannelStream(channel, new ChannelLog(epoch, seq, 10))];
  }));
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const fanout = new Fanout(clock, streams);
  const collector = new Collector({ clock, log, store, fanout, streams, dedupeWindowSeconds: 1 });
  const receipt = collector.publish("p", [submission(position("a"))]);
  await clock.advanceAsync(0);
  assert.deepEqual((await receipt).last, { positions: at(3) });
});

Deno.test("a receipt counts the events and names the last number of each channel", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([position("a"), riskAlert("r"), position("b")]);
  assert.deepEqual(receipt, {
    accepted: 3,
    duplicates: 0,
    last: { "positions": at(2), "risk-alerts": at(1) },
  });
});

Deno.test("all requests of a turn are one commit, each with a receipt of its own", async () => {
  const fixture = new Fixture();
  const receipts = await inOneTurn(fixture, [
    [position("a"), position("b")],
    [marketData("BTC", "1")],
    [position("c")],
  ]);
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [4]);
  assert.deepEqual(receipts, [
    { accepted: 2, duplicates: 0, last: { "positions": at(2) } },
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    { accepted: 1, duplicates: 0, last: { "positions": at(3) } },
  ]);
});

Deno.test("nothing is committed before the turn ends", async () => {
  const fixture = new Fixture();
  const receipt = fixture.collector.publish("p", [submission(position("a"))]);
  await settle();
  assert.equal(fixture.store.batches.length, 0);
  await fixture.clock.advanceAsync(0);
  assert.equal((await receipt).accepted, 1);
});

Deno.test("nobody is told and nothing is fanned out before the commit is done", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  let told = false;
  const receipt = fixture.collector.publish("p", [submission(position("a"))]);
  receipt.then(() => {
    told = true;
    assert.equal(fixture.fannedOut, 1); // Whoever is told can read it.
  });
  await fixture.clock.advanceAsync(1_000);
  assert.equal(fixture.store.batches.length, 1);
  assert.deepEqual([told, fixture.fannedOut], [false, 0]);
  resolve();
  await fixture.clock.advanceAsync(0);
  assert.deepEqual([told, fixture.fannedOut], [true, 1]);
});

Deno.test("what comes during a commit is the next one, and goes on with the next number", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  const first = fixture.collector.publish("p", [submission(position("a"))]);
  await fixture.clock.advanceAsync(0);
  const second = fixture.collector.publish("p", [submission(position("b"))]);
  const third = fixture.collector.publish("p", [submission(position("c"))]);
  await fixture.clock.advanceAsync(0);
  assert.equal(fixture.store.batches.length, 1);
  resolve();
  await fixture.clock.advanceAsync(0);
  const seqs = fixture.store.batches.map((batch) => batch.map(({ seq }) => seq));
  assert.deepEqual(seqs, [[1], [2, 3]]);
  const receipts = await Promise.all([first, second, third]);
  assert.deepEqual(receipts.map(({ last }) => last.positions?.seq), [1, 2, 3]);
});

Deno.test("a failed commit refuses every request of its turn, and nothing is fanned out", async () => {
  const fixture = new Fixture();
  fixture.store.failures = 1;
  const answers = await inOneTurn(fixture, [[position("a")], [position("b"), position("c")]]);
  assert.deepEqual(answers, ["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  assert.equal(fixture.fannedOut, 0);
  assert.equal(fixture.errors.length, 1);
});

Deno.test("after a failed commit the numbers go on without a hole", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a")]);
  fixture.store.failures = 2;
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.equal((await fixture.refusal([position("b"), position("c")])).code, "STORE_UNAVAILABLE");
  }
  const receipt = await fixture.publish([position("b")]);
  assert.deepEqual(receipt.last, { positions: at(2) });
  assert.equal(fixture.fannedOut, 2);
});

Deno.test("what comes during a commit that fails is stored without a hole", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  fixture.store.failures = 1;
  const first = refused(fixture.collector.publish("p", [submission(position("a"))]));
  await fixture.clock.advanceAsync(0);
  const second = fixture.collector.publish("p", [submission(position("b"))]);
  resolve();
  await fixture.clock.advanceAsync(0);
  assert.equal((await first).code, "STORE_UNAVAILABLE");
  assert.deepEqual((await second).last, { positions: at(1) });
});

Deno.test("after a failed commit an identity stands for nothing: the retry is stored", async () => {
  const fixture = new Fixture();
  fixture.store.failures = 1;
  await fixture.refusal([identified("1")]);
  const retry = await fixture.publish([identified("1")]);
  assert.deepEqual(retry, { accepted: 1, duplicates: 0, last: { "market-data": at(1) } });
});

Deno.test("after a failed commit identities of before are still known", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1")]);
  fixture.store.failures = 1;
  await fixture.refusal([identified("1"), identified("2")]);
  const retry = await fixture.publish([identified("1"), identified("2")]);
  assert.deepEqual(retry, { accepted: 1, duplicates: 1, last: { "market-data": at(2) } });
});

Deno.test("a repeat within a batch is a duplicate", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([identified("1"), identified("2"), identified("1")]);
  assert.deepEqual(receipt, { accepted: 2, duplicates: 1, last: { "market-data": at(2) } });
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [2]);
});

Deno.test("a repeat within a turn is a duplicate, and names the number of the other request's", async () => {
  const fixture = new Fixture();
  const receipts = await inOneTurn(fixture, [[identified("1")], [identified("1")]]);
  assert.deepEqual(receipts, [
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    { accepted: 0, duplicates: 1, last: { "market-data": at(1) } },
  ]);
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [1]);
});

Deno.test("a repeat within the window is a duplicate, names its old number, and commits nothing", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1"), identified("2")]);
  fixture.clock.advance(119_999);
  const receipt = await fixture.publish([identified("1")]);
  assert.deepEqual(receipt, { accepted: 0, duplicates: 1, last: { "market-data": at(1) } });
  assert.equal(fixture.store.batches.length, 1);
});

Deno.test("the last number of a receipt is the highest, though a duplicate's comes after it", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1")]);
  const receipt = await fixture.publish([identified("2"), identified("1")]);
  assert.deepEqual(receipt, { accepted: 1, duplicates: 1, last: { "market-data": at(2) } });
});

Deno.test("events without an identity are never duplicates", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([marketData("BTC", "1"), marketData("BTC", "1")]);
  assert.equal(receipt.accepted, 2);
});

Deno.test("an identity belongs to its principal", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1", "1.00")], "p");
  const receipt = await fixture.publish([identified("1", "2.00")], "q");
  assert.deepEqual(receipt, { accepted: 1, duplicates: 0, last: { "market-data": at(2) } });
});

Deno.test("an identity belongs to its channel", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([identified("1"), { ...position("a"), eventId: "1" }]);
  assert.equal(receipt.accepted, 2);
});

Deno.test("an identity is free again when its window is over, also for another payload", async () => {
  const fixture = new Fixture(2);
  await fixture.publish([identified("1", "1.00")]);
  fixture.clock.advance(1_999);
  assert.equal((await fixture.refusal([identified("1", "2.00")])).code, "EVENT_ID_REUSED");
  fixture.clock.advance(1);
  assert.equal((await fixture.publish([identified("1", "2.00")])).accepted, 1);
});

Deno.test("a duplicate does not lengthen its window", async () => {
  const fixture = new Fixture(2);
  await fixture.publish([identified("1")]);
  fixture.clock.advance(1_500);
  assert.equal((await fixture.publish([identified("1")])).duplicates, 1);
  fixture.clock.advance(500);
  assert.equal((await fixture.publish([identified("1")])).accepted, 1);
});

Deno.test("without a window nothing is a duplicate", async () => {
  const fixture = new Fixture(0);
  await fixture.publish([identified("1")]);
  assert.equal((await fixture.publish([identified("1")])).accepted, 1);
});

Deno.test("an identity for another payload is refused with its place, and nothing of it is stored", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1", "1.00"), identified("2", "1.00")]);
  const error = await fixture.refusal([
    identified("3", "1.00"),
    identified("1", "9.00"),
    identified("2", "1.00"),
    identified("2", "9.00"),
  ]);
  assert.equal(error.code, "EVENT_ID_REUSED");
  assert.deepEqual(error.faults.map(({ path }) => path), [
    "events[1].eventId",
    "events[3].eventId",
  ]);
  assert.equal(fixture.store.batches.length, 1);
  assert.equal((await fixture.publish([identified("3", "5.00")])).accepted, 1);
});

Deno.test("an identity for two payloads within one batch is refused", async () => {
  const fixture = new Fixture();
  const error = await fixture.refusal([identified("1", "1.00"), identified("1", "2.00")]);
  assert.equal(error.code, "EVENT_ID_REUSED");
  assert.deepEqual(error.faults.map(({ path }) => path), ["events[1].eventId"]);
  assert.equal(fixture.store.batches.length, 0);
});

Deno.test("an identity for another payload costs the other requests of the turn nothing", async () => {
  const fixture = new Fixture();
  const answers = await inOneTurn(fixture, [
    [identified("1", "1.00")],
    [identified("9", "1.00"), identified("1", "2.00")],
    [identified("2", "1.00")],
  ]);
  assert.deepEqual(answers, [
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    "EVENT_ID_REUSED",
    { accepted: 1, duplicates: 0, last: { "market-data": at(2) } },
  ]);
});

Deno.test("an identity of one key's removal cannot stand for another key's", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a"), position("b")]);
  await fixture.publish([{ ...removal("positions", "a"), eventId: "1" }]);
  const repeat = await fixture.publish([{ ...removal("positions", "a"), eventId: "1" }]);
  assert.equal(repeat.duplicates, 1);
  const error = await fixture.refusal([{ ...removal("positions", "b"), eventId: "1" }]);
  assert.equal(error.code, "EVENT_ID_REUSED");
});

Deno.test("a full snapshot takes no new key, and says which event has it", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 1);
  await fixture.publish([marketData("LAST", "1")]);
  const error = await fixture.refusal([marketData("LAST", "2"), marketData("MORE", "1")]);
  assert.equal(error.code, "SNAPSHOT_FULL");
  assert.deepEqual(error.faults.map(({ path }) => path), ["events[1].data.id"]);
  assert.equal(fixture.store.batches.length, 1);
});

Deno.test("a full snapshot goes on with its keys, as do the other channels", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS);
  const receipt = await fixture.publish([marketData("FILL7", "2"), position("a"), riskAlert("r")]);
  assert.equal(receipt.accepted, 3);
});

Deno.test("removing a key makes room for another", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS);
  await fixture.publish([removal("market-data", "FILL7")]);
  assert.equal((await fixture.publish([marketData("MORE", "1")])).accepted, 1);
  assert.equal((await fixture.refusal([marketData("FILL7", "1")])).code, "SNAPSHOT_FULL");
});

Deno.test("new keys of one turn count together, and each of them once", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 2);
  const answers = await inOneTurn(fixture, [
    [marketData("A", "1"), marketData("A", "2")],
    [marketData("B", "1"), marketData("A", "3")],
    [marketData("C", "1")],
  ]);
  assert.deepEqual(answers.map((answer) => typeof answer === "string" ? answer : answer.accepted), [
    2,
    2,
    "SNAPSHOT_FULL",
  ]);
});

Deno.test("a request that is refused takes no room from the others of its turn", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 1);
  const answers = await inOneTurn(fixture, [
    [marketData("A", "1"), marketData("B", "1")],
    [marketData("C", "1")],
  ]);
  assert.deepEqual(answers, [
    "SNAPSHOT_FULL",
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
  ]);
});

Deno.test("when too many events wait publishers are told to come back, until the commit begins", async () => {
  const fixture = new Fixture();
  const one = submission(riskAlert("r"));
  const many = fixture.collector.publish("p", Array(MAX_PENDING_EVENTS - 1).fill(one));
  const last = fixture.collector.publish("p", [one]);
  assert.equal((await refused(fixture.collector.publish("p", [one]))).code, "OVERLOADED");
  await fixture.clock.advanceAsync(0);
  assert.equal((await many).accepted, MAX_PENDING_EVENTS - 1);
  assert.deepEqual((await last).last, { "risk-alerts": at(MAX_PENDING_EVENTS) });
  const receipt = await fixture.publish([riskAlert("r")]);
  assert.deepEqual(receipt.last, { "risk-alerts": at(MAX_PENDING_EVENTS + 1) });
});
