import assert from "node:assert/strict";
import {
  ChannelHistory,
  MAX_PAGE_CHARACTERS,
  MAX_READ_EVENTS,
  MAX_WAITING_READS,
} from "../../actors/history.ts";
import { type EventsRequest, HistoryError } from "../../actors/operations.ts";
import type { StoredEvent } from "../../actors/ports.ts";
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import { MemoryStore } from "../../actors/store/memory.ts";
import { ChannelStream } from "../../actors/stream/channel_stream.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import { RecordingLogger } from "../support/fake_gateway.ts";
import { event, events, seqs } from "../support/store_fixture.ts";
import { TestClock } from "../support/test_clock.ts";

const RING = 16;

/** A history over a short ring and a longer store, with what was read of the store. */
class Fixture {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly reads: [afterSeq: number, limit: number][] = [];
  readonly store: MemoryStore;
  readonly streams: Map<Channel, ChannelStream>;
  readonly history: ChannelHistory;

  constructor(capacity = 10_000) {
    const store = new MemoryStore(capacity, "e1");
    this.store = store;
    const read = store.read.bind(store);
    store.read = (channel, afterSeq, limit) => {
      this.reads.push([afterSeq, limit]);
      return read(channel, afterSeq, limit);
    };
    this.streams = new Map(
      CHANNELS.map((
        channel,
      ) => [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), "e1", 0, RING)]),
    );
    const { clock, log, streams } = this;
    this.history = new ChannelHistory({
      clock,
      log,
      eventLog: store,
      streams,
      rows: () => assert.fail("nobody is limited"),
      replayLimit: 5,
    });
  }

  /** Stores and fans out. */
  async add(...batch: readonly StoredEvent[]): Promise<void> {
    await this.store.commit(batch);
    for (const one of batch) {
      this.streams.get(one.channel)!.append({ stored: one }, this.clock.now());
    }
  }

  /** Reads a page, one turn of the loop after the other. */
  async read(request: Partial<EventsRequest> = {}): Promise<readonly StoredEvent[]> {
    const page = this.history.page("positions", { limit: 1_000, ...request });
    return (await this.finish(page.read())).events;
  }

  async finish<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => void (done = true);
    promise.then(finish, finish);
    while (!done) await this.clock.advanceAsync(0);
    return await promise;
  }
}

/** A history of so many positions. */
async function historyOf(count: number, capacity?: number): Promise<Fixture> {
  const fixture = new Fixture(capacity);
  await fixture.add(...events("positions", 1, count));
  return fixture;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function refusal(fixture: Fixture, request: Partial<EventsRequest>): HistoryError {
  try {
    fixture.history.page("positions", { limit: 100, ...request });
  } catch (error) {
    assert.ok(error instanceof HistoryError);
    return error;
  }
  assert.fail("there is a page");
}

Deno.test("what the ring holds is read from it alone", async () => {
  const fixture = await historyOf(40);
  const page = fixture.history.page("positions", { afterSeq: 24, limit: 100 });
  assert.deepEqual(seqs((await page.read()).events), range(25, 40));
  assert.deepEqual(fixture.reads, []);
  const { epoch, head, oldest, afterSeq, asOf } = page;
  assert.deepEqual([epoch, head, oldest, afterSeq], ["e1", 40, 1, 24]);
  assert.equal(asOf, event("positions", 40).timestamp);
});

Deno.test("what is beyond the ring comes from the store in small reads, and then from the ring", async () => {
  const fixture = await historyOf(700);
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 100 })), range(101, 700));
  assert.ok(fixture.reads.length >= 3);
  assert.ok(fixture.reads.every(([, limit]) => limit <= MAX_READ_EVENTS), "small");
});

Deno.test("a page is as long as was asked for, and begins with the oldest when nothing is", async () => {
  const fixture = await historyOf(100);
  assert.deepEqual(seqs(await fixture.read({ limit: 7 })), range(1, 7));
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 97, limit: 7 })), [98, 99, 100]);
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 80, limit: 10 })), range(81, 90));
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 100 })), []);
});

Deno.test("a channel without events has an empty page", async () => {
  const fixture = new Fixture();
  const page = fixture.history.page("positions", { afterSeq: 0, limit: 10 });
  assert.deepEqual([page.head, page.oldest, page.asOf], [0, 1, undefined]);
  assert.deepEqual(await page.read(), { events: [], last: 0 });
});

Deno.test("large events end a page early, but never before its first", async () => {
  const fixture = new Fixture();
  const data = "x".repeat(MAX_PAGE_CHARACTERS / 4);
  await fixture.add(...events("positions", 1, 20, { data }));
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 0 })), [1, 2, 3, 4], "from the store");
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 12 })), [13, 14, 15, 16], "from the ring");
  await fixture.add(event("positions", 21, "k", { data: data.repeat(5) }));
  assert.deepEqual(seqs(await fixture.read({ afterSeq: 20 })), [21]);
});

Deno.test("events published while a page is read are left to the next", async () => {
  const fixture = await historyOf(300);
  const page = fixture.history.page("positions", { afterSeq: 200, limit: 1_000 });
  const reading = page.read();
  await fixture.add(...events("positions", 301, 400));
  assert.deepEqual(seqs((await fixture.finish(reading)).events), range(201, 300));
});

Deno.test("another epoch, forgotten events and numbers to come are told apart, with the way on", async () => {
  const fixture = await historyOf(250, 100); // The store cut itself to 100 when it had 200.
  const details = { epoch: "e1", head: "250", oldest: "101" };
  const asked: [Partial<EventsRequest>, string][] = [
    [{ epoch: "e0", afterSeq: 200 }, "EPOCH_CHANGED"],
    [{ epoch: "e0", afterSeq: 900 }, "EPOCH_CHANGED"],
    [{ afterSeq: 99 }, "EVENTS_EXPIRED"],
    [{ epoch: "e1", afterSeq: 0 }, "EVENTS_EXPIRED"],
    [{ epoch: "e1", afterSeq: 251 }, "SEQ_AHEAD"],
    [{ afterSeq: 251 }, "SEQ_AHEAD"],
  ];
  for (const [request, code] of asked) {
    const error = refusal(fixture, request);
    assert.deepEqual([error.code, error.details], [code, details], JSON.stringify(request));
  }
  assert.deepEqual(seqs(await fixture.read({ epoch: "e1", afterSeq: 100 })), range(101, 250));
});

Deno.test("events that are forgotten while a page is read make no shorter page", async () => {
  const fixture = await historyOf(600);
  const { store } = fixture;
  const read = store.read;
  store.read = (channel, afterSeq, limit) =>
    afterSeq < 200 ? read(channel, afterSeq, limit) : Promise.resolve(undefined);
  await assert.rejects(fixture.read({ afterSeq: 0 }), { code: "EVENTS_EXPIRED" });
});

Deno.test("a store that cannot be read is told, logged, and tried again", async () => {
  const fixture = await historyOf(100);
  const { store } = fixture;
  const read = store.read;
  store.read = () => Promise.reject(new Error("torn page"));
  await assert.rejects(fixture.read({ afterSeq: 0 }), { code: "STORE_UNAVAILABLE" });
  assert.equal(fixture.log.find({ message: "history cannot be read" }).length, 1);
  store.read = read;
  assert.equal((await fixture.read({ afterSeq: 0 })).length, 100);
});

Deno.test("a page with a damaged event is refused, and says how to read on", async () => {
  const fixture = await historyOf(100);
  const { store } = fixture;
  const read = store.read.bind(store);
  store.read = (channel, afterSeq, limit) =>
    afterSeq < 10 && afterSeq + limit >= 10
      ? Promise.reject(new StoreError("damaged", "event 10 of positions is damaged in the store"))
      : read(channel, afterSeq, limit);
  await assert.rejects(fixture.read({ afterSeq: 0 }), {
    code: "EVENT_DAMAGED",
    message: /event 10 of positions is damaged in the store and is not sent: read on after it/,
  });
  assert.equal(fixture.log.find({ message: "history cannot be read" }).length, 1);
  assert.equal((await fixture.read({ afterSeq: 10 })).length, 90);
});

Deno.test("all readers together read the store once a turn, and too many are turned away", async () => {
  const fixture = await historyOf(100);
  const page = fixture.history.page("positions", { afterSeq: 0, limit: 10 });
  const readers = Array.from({ length: MAX_WAITING_READS }, () => page.read());
  await assert.rejects(page.read(), { code: "OVERLOADED" });
  for (let turn = 1; turn <= MAX_WAITING_READS; turn++) {
    fixture.clock.advance(0);
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(fixture.reads.length, turn);
  }
  for (const reader of readers) assert.deepEqual(seqs((await reader).events), range(1, 10));
  assert.equal((await fixture.read({ afterSeq: 0 })).length, 100);
});

Deno.test("a snapshot holds every live state in the order of numbers, and what ended is not in it", async () => {
  const fixture = new Fixture();
  await fixture.add(
    ...range(1, 40).map((seq) => event("positions", seq, `p${seq}`)),
    event("positions", 41, "p40", { ends: "closed" }),
    event("positions", 42, "p39", { ends: "removed" }),
    event("positions", 43, "p1"),
  );
  const snapshot = fixture.history.snapshot("positions");
  assert.deepEqual([snapshot.epoch, snapshot.seq], ["e1", 43]);
  assert.deepEqual(seqs(snapshot.events()), [...range(2, 38), 43]);
});

Deno.test("a snapshot of system-warnings is its last events, as many as a replay has", async () => {
  const fixture = new Fixture();
  await fixture.add(...events("system-warnings", 1, 12));
  const { seq, events: last } = fixture.history.snapshot("system-warnings");
  assert.deepEqual([seq, seqs(last())], [12, range(8, 12)]);
});

Deno.test("a snapshot of risk-alerts is the latest event of each of the last ids, also beyond the ring", async () => {
  const fixture = new Fixture();
  await fixture.add(event("risk-alerts", 1, "A"));
  for (let seq = 2; seq <= RING * 2; seq++) await fixture.add(event("risk-alerts", seq, "B"));
  const { seq, events: last } = fixture.history.snapshot("risk-alerts");
  assert.deepEqual([seq, seqs(last())], [RING * 2, [1, RING * 2]]);
});
