import assert from "node:assert/strict";
import { batchesOf, shortBatches } from "../../support/batch_notation.ts";
import { EventArchive } from "../../support/event_archive.ts";
import {
  type Asked,
  EPOCH,
  FLUSH,
  type Reader,
  StreamFixture,
} from "../../support/stream_fixture.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { keys, repeat } from "./fanout_readers.ts";

/** A v2 reader of one channel. */
function open(fixture: StreamFixture, channel: Channel, asked: Asked = {}): Reader {
  const reader = fixture.reader();
  fixture.open(reader, channel, asked);
  return reader;
}

/** Time passes without the process's ticker; what falls due is sent. */
function pass(fixture: StreamFixture, ms: number): void {
  fixture.clock.advance(ms);
  fixture.clock.turns();
}

Deno.test("the first event after quiet goes out in its turn, what follows waits for the tick", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data");
  pass(fixture, 13);
  fixture.publish("market-data", ["a"]);
  assert.deepEqual(batchesOf(reader), ["1-1: 1"]);
  fixture.publish("market-data", ["a"]);
  fixture.publish("market-data", ["b"]);
  pass(fixture, FLUSH - 13 - 1);
  assert.deepEqual(batchesOf(reader), []);
  pass(fixture, 1);
  assert.deepEqual(batchesOf(reader), ["2-3: 2 3"]);
});

Deno.test("a tick without events ends the waiting: the next event goes out at once again", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data");
  fixture.publish("market-data", keys("ab"));
  pass(fixture, FLUSH * 2 + 7);
  assert.deepEqual(batchesOf(reader), ["1-2: 1 2"]);
  fixture.publish("market-data", ["a"]);
  assert.deepEqual(batchesOf(reader), ["3-3: 3"]);
});

Deno.test("lossless channels never wait for a tick, whatever the client asks", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "risk-alerts", { intervalMs: 1_000, conflate: true });
  for (let seq = 1; seq <= 3; seq++) {
    fixture.publish("risk-alerts", ["a"]);
    assert.deepEqual(batchesOf(reader), [`${seq}-${seq}: ${seq}`]);
  }
  fixture.publish("risk-alerts", repeat("a", 2));
  assert.deepEqual(batchesOf(reader), ["4-5: 4 5"]);
});

Deno.test("an interval is rounded up to a multiple of the flush interval", () => {
  const fixture = new StreamFixture();
  for (
    const [asked, served] of [[0, 50], [1, 50], [50, 50], [51, 100], [250, 250], [999, 1_000]]
  ) {
    const reader = open(fixture, "positions", { intervalMs: asked! });
    assert.equal(fixture.batches(reader, "positions").group?.intervalMillis, served);
  }
});

Deno.test("ticks are aligned for the whole process: who came at different times is served together", () => {
  const fixture = new StreamFixture();
  const readers: Reader[] = [];
  for (const wait of [0, 17, 80]) {
    pass(fixture, wait);
    readers.push(open(fixture, "market-data", { intervalMs: 200 }));
    fixture.publish("market-data", ["a"]);
  }
  // Of the first event, which came after quiet, only the first reader heard, and at once.
  assert.deepEqual(readers.map(batchesOf), [["1-1: 1"], [], []]);
  pass(fixture, 200 - 97 - 1);
  assert.deepEqual(readers.map(batchesOf), [[], [], []]);
  pass(fixture, 1);
  assert.deepEqual(readers.map(batchesOf), [["2-3: 2 3"], ["2-3: 2 3"], ["3-3: 3"]]);
});

Deno.test("a slower client gets the same events in fewer batches", () => {
  const fixture = new StreamFixture();
  const [fast, slow] = [0, 200].map((intervalMs) => open(fixture, "market-data", { intervalMs }));
  for (let at = 0; at < 400; at += FLUSH) {
    fixture.publish("market-data", ["a"]);
    pass(fixture, FLUSH);
  }
  assert.equal(batchesOf(fast!).length, 8);
  assert.deepEqual(batchesOf(slow!), ["1-1: 1", "2-4: 2 3 4", "5-8: 5 6 7 8"]);
});

Deno.test("equal places share one frame, of whatever interval their readers are", () => {
  const fixture = new StreamFixture();
  const filter = { symbols: ["BTC"] };
  const readers = [
    open(fixture, "market-data", { filter }),
    open(fixture, "market-data", { filter: { symbols: ["btc"] } }),
    open(fixture, "market-data", { filter, intervalMs: 100 }),
  ];
  fixture.publish("market-data", ["BTC"], { fields: { symbol: "BTC" } });
  const frames = readers.map(({ socket }) => socket.take());
  assert.deepEqual(shortBatches(frames[0]!), ["1-1: 1"]);
  assert.deepEqual(frames, [frames[0], frames[0], frames[0]]);
  assert.equal(fixture.batches(readers[0]!, "market-data").view.users, 3);
});

Deno.test("subscribing again replaces filter and interval, and keeps the place", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data", { intervalMs: 1_000 });
  const publish = (symbol: string) =>
    fixture.publish("market-data", [symbol], { fields: { symbol } });
  publish("A");
  publish("B");
  publish("A");
  assert.deepEqual(batchesOf(reader), ["1-1: 1"]);
  const start = fixture.open(reader, "market-data", { filter: { symbols: ["A"] } });
  assert.deepEqual(start, { kind: "live", epoch: EPOCH, seq: 1 });
  assert.deepEqual(batchesOf(reader), ["2-3: 3 f1"]);
  publish("A");
  pass(fixture, FLUSH);
  assert.deepEqual(batchesOf(reader), ["4-4: 4"]);
  assert.equal(fixture.readers("market-data").count, 1);
});

Deno.test("subscribing again ignores since: the place is known better here", () => {
  const fixture = new StreamFixture();
  fixture.publish("positions", keys("abc"));
  const reader = open(fixture, "positions");
  const start = fixture.open(reader, "positions", { since: { epoch: EPOCH, seq: 1 } });
  assert.deepEqual(start, { kind: "live", epoch: EPOCH, seq: 3 });
  assert.deepEqual(batchesOf(reader), []);
});

Deno.test("subscribing again with a snapshot begins anew at the head", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "positions");
  fixture.publish("positions", keys("ab"));
  batchesOf(reader);
  fixture.publish("positions", ["a"]);
  const start = fixture.open(reader, "positions", { snapshot: true });
  assert.equal(start.seq, 3);
  fixture.publish("positions", ["c"]);
  pass(fixture, FLUSH);
  assert.deepEqual(batchesOf(reader), ["S3: 2 3", "4-4: 4"]);
});

Deno.test("subscribing again uses a view once, and gives the former one back", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "positions");
  const before = fixture.batches(reader, "positions").view;
  fixture.open(reader, "positions");
  assert.equal(before.users, 1);
  fixture.open(reader, "positions", { filter: { symbols: ["A"] } });
  const { view } = fixture.batches(reader, "positions");
  assert.deepEqual([before.users, view.users], [0, 1]);
  assert.notEqual(fixture.readers("positions").view(undefined), before);
  fixture.fanout.remove(reader.subscriber);
  assert.equal(view.users, 0);
});

Deno.test("what waited for a long interval is sent when a shorter one is asked for", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data", { intervalMs: 60_000 });
  fixture.publish("market-data", keys("a"));
  fixture.publish("market-data", keys("b"));
  assert.deepEqual(batchesOf(reader), ["1-1: 1"]);
  fixture.open(reader, "market-data");
  assert.deepEqual(batchesOf(reader), ["2-2: 2"]);
});

Deno.test("unsubscribing tells the place reached, and nothing comes afterwards", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data");
  fixture.publish("market-data", keys("a"));
  fixture.publish("market-data", keys("bc"));
  const place = fixture.fanout.unsubscribe(reader.subscriber, "market-data");
  assert.deepEqual(place, { epoch: EPOCH, seq: 1 });
  pass(fixture, FLUSH);
  assert.deepEqual(batchesOf(reader), ["1-1: 1"]);
});

Deno.test("unsubscribing from what was never subscribed tells the head", () => {
  const fixture = new StreamFixture();
  fixture.publish("market-data", keys("ab"));
  const { subscriber } = fixture.reader();
  assert.deepEqual(fixture.fanout.unsubscribe(subscriber, "market-data"), { epoch: EPOCH, seq: 2 });
});

Deno.test("views and groups are given back, however often clients come and go", () => {
  const fixture = new StreamFixture();
  const readers = fixture.readers("market-data");
  const before = readers.view(undefined);
  readers.releaseView(before);
  const reader = fixture.reader();
  for (let round = 0; round < 500; round++) {
    const filter = { symbols: [`S${round}`] };
    fixture.open(reader, "market-data", { filter, intervalMs: round * 37 % 3_000 });
    const { view } = fixture.batches(reader, "market-data");
    if (round % 3 === 0) fixture.fanout.unsubscribe(reader.subscriber, "market-data");
    if (round % 7 === 0) fixture.publish("market-data", ["a"]);
    // At once, one that is served at an interval, and one that it left.
    assert.ok(readers.groups.length <= 3, `${readers.groups.length} groups`);
    fixture.fanout.unsubscribe(reader.subscriber, "market-data");
    assert.equal(view.users, 0);
    assert.notEqual(readers.view({ key: view.key } as never), view, "a view that nobody uses");
    readers.releaseView(readers.view({ key: view.key } as never));
  }
  assert.equal(readers.count, 0);
});

Deno.test("advancing sends what a filter held back: the range, and nothing in it", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "market-data", { filter: { symbols: ["BTC"] } });
  fixture.publish("market-data", keys("abc"), { fields: { symbol: "ETH" } });
  pass(fixture, FLUSH);
  assert.deepEqual(batchesOf(reader), []);
  fixture.fanout.flushProgress(reader.subscriber, 0);
  assert.deepEqual(batchesOf(reader), ["1-3: f3"]);
  fixture.fanout.flushProgress(reader.subscriber, 0);
  assert.deepEqual(batchesOf(reader), [], "nothing happened since");
});

Deno.test("advancing says nothing new to a v1 client", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader();
  fixture.join(reader.subscriber, "positions", 0);
  fixture.publish("positions", ["a"]);
  reader.socket.take();
  fixture.fanout.flushProgress(reader.subscriber, 0);
  assert.deepEqual(reader.socket.take(), []);
});

Deno.test("a client that turns out too slow while it is advanced is sent nothing more", () => {
  const fixture = new StreamFixture(4);
  const reader = fixture.reader();
  for (const channel of ["risk-alerts", "market-data"] as const) fixture.open(reader, channel);
  fixture.append("market-data", "a");
  for (let count = 0; count < 5; count++) fixture.append("risk-alerts", "a");
  fixture.fanout.flushProgress(reader.subscriber, 0);
  assert.deepEqual([reader.calls, batchesOf(reader)], [["tooSlow"], []]);
});

Deno.test("there is one timer for the next tick, whatever waits for later ones, and none in quiet", () => {
  const fixture = new StreamFixture();
  const readers = [0, 250, 60_000].map((intervalMs) =>
    open(fixture, "market-data", { intervalMs })
  );
  for (const { socket } of readers) socket.readsAtOnce = true;
  for (let count = 0; count < 200; count++) {
    fixture.publish("market-data", ["a"]);
    pass(fixture, 10);
    assert.ok(fixture.clock.pendingTimers <= 1, `${fixture.clock.pendingTimers} timers`);
  }
  pass(fixture, 60_000);
  assert.equal(fixture.clock.pendingTimers, 0);
  for (const reader of readers) assert.equal(fixture.batches(reader, "market-data").lag, 0);
});

Deno.test("a store is asked how far back it reaches when a client resumes", () => {
  const store = new EventArchive();
  const fixture = new StreamFixture(2, { store });
  fixture.publish("risk-alerts", repeat("a", 10));
  store.forget("risk-alerts", 4);
  const start = (seq: number) =>
    fixture.open(fixture.reader(), "risk-alerts", { since: { epoch: EPOCH, seq } });
  assert.equal(start(4).recovered, true);
  assert.deepEqual([start(3).recovered, start(3).lost], [false, 7]);
});

Deno.test("a heartbeat leaves events to their tick, unless that is slower", () => {
  const fixture = new StreamFixture();
  const reader = open(fixture, "positions", { intervalMs: 200 });
  fixture.publish("positions", ["p1"]); // The first after quiet goes at once.
  fixture.publish("positions", ["p2"]);
  const ends = () => reader.socket.frames.map((frame) => JSON.parse(frame).to);
  fixture.fanout.flushProgress(reader.subscriber, 15_000);
  assert.deepEqual(ends(), [1]);
  fixture.fanout.flushProgress(reader.subscriber, 200);
  assert.deepEqual(ends(), [1, 2]);
});
