import assert from "node:assert/strict";
import {
  MAX_LOSSLESS_LAG,
  MIN_THROTTLE_MILLIS,
  PARK_MILLIS,
} from "../../../actors/stream/delivery.ts";
import {
  HARD_CAP_BYTES,
  HIGH_WATER_BYTES,
  LOW_WATER_BYTES,
} from "../../../actors/stream/subscriber.ts";
import { ServerMessageV2 } from "../../../protocol/v2/server_message.ts";
import { batchesOf } from "../../support/batch_notation.ts";
import { EventArchive } from "../../support/event_archive.ts";
import { EPOCH, fillBuffer, StreamFixture } from "../../support/stream_fixture.ts";
import { settle } from "../../support/test_clock.ts";
import { keys, repeat, TICK } from "./fanout_readers.ts";

Deno.test("a full buffer parks a v2 reader: it gets all in order once it reads, and nobody is told", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader();
  fixture.open(reader, "market-data");
  fixture.publish("market-data", keys("abcdef"), { fill: 30_000 });
  assert.deepEqual(batchesOf(reader), ["1-2: 1 2", "3-4: 3 4"]);
  assert.equal(fixture.fanout.held, 1);
  reader.socket.drain();
  fixture.clock.advance(5); // The next look, long before the ticker's.
  fixture.clock.turns();
  assert.deepEqual(batchesOf(reader), ["5-6: 5 6"]);
  assert.deepEqual(reader.calls, []);
});

Deno.test("a v2 reader whose buffer stays full is conflated after 250 ms, and streamed again later", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader();
  fixture.open(reader, "market-data");
  fixture.publish("market-data", keys("aa"), { fill: HIGH_WATER_BYTES });
  assert.deepEqual(batchesOf(reader), ["1-1: 1"]);
  for (let waited = 0; waited < PARK_MILLIS; waited += TICK) fixture.tick(TICK);
  assert.deepEqual(reader.calls, ["slow_consumer"]);
  fixture.publish("market-data", keys("abab"));
  reader.socket.drain();
  fixture.tick(TICK);
  assert.deepEqual(batchesOf(reader), ["2-6: 5 6 s3"]);
  fixture.tick(MIN_THROTTLE_MILLIS);
  assert.deepEqual(reader.calls, ["slow_consumer", "recovered"]);
  fixture.publish("market-data", keys("aa"));
  fixture.tick(TICK);
  assert.deepEqual(batchesOf(reader), ["7-8: 7 8"]);
  assert.equal(fixture.stream("market-data").shed.slow_consumer, 3);
});

Deno.test("a v2 reader over its rate is conflated: one token a frame, everything accounted for", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader({ rate: 2 });
  fixture.open(reader, "market-data");
  for (let count = 0; count < 4; count++) {
    fixture.publish("market-data", keys("aab"));
    fixture.tick(TICK);
  }
  assert.deepEqual(batchesOf(reader), ["1-3: 1 2 3", "4-6: 4 5 6"]);
  assert.deepEqual(reader.calls, ["rate_limit"]);
  fixture.tick(500);
  assert.deepEqual(batchesOf(reader), ["7-12: 11 12 s4"]);
  assert.equal(fixture.stream("market-data").shed.rate_limit, 4);
});

Deno.test("a conflated reader is served at its own interval, though it is looked at at every tick", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader();
  fixture.open(reader, "market-data", { intervalMs: 500 });
  fillBuffer(reader, HIGH_WATER_BYTES);
  fixture.publish("market-data", ["a"]);
  for (let waited = 0; waited <= PARK_MILLIS; waited += TICK) fixture.tick(TICK);
  assert.equal(reader.subscriber.throttle, "slow_consumer");
  batchesOf(reader);
  const times: number[] = [];
  for (let waited = 0; waited < 3_000; waited += TICK) {
    fillBuffer(reader, LOW_WATER_BYTES + 1); // There is room, but it is not caught up.
    fixture.publish("market-data", ["a"]);
    fixture.tick(TICK);
    times.push(...batchesOf(reader).map(() => fixture.clock.now()));
  }
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  assert.deepEqual(gaps, [500, 500, 500, 500, 500]);
});

Deno.test("alerts reach a conflated reader at once, without a token", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader({ rate: 1 });
  for (const channel of ["risk-alerts", "market-data"] as const) fixture.open(reader, channel);
  fixture.publish("market-data", ["a"]);
  fixture.tick(TICK);
  fixture.publish("market-data", ["a"]);
  assert.equal(reader.subscriber.throttle, "rate_limit");
  batchesOf(reader);
  fixture.publish("risk-alerts", keys("ab"));
  assert.deepEqual(batchesOf(reader), ["1-2: 1 2"]);
});

Deno.test("alerts pass the high-water mark, and stop under the hard cap", () => {
  const fixture = new StreamFixture();
  const reader = fixture.reader();
  fixture.open(reader, "risk-alerts");
  fixture.publish("risk-alerts", repeat("a", 12), { fill: 30_000 });
  const { peak } = reader.socket;
  assert.ok(peak > HIGH_WATER_BYTES && peak <= HARD_CAP_BYTES, `${peak} were buffered`);
  assert.deepEqual(batchesOf(reader).length, 4);
  reader.socket.drain();
  fixture.tick(TICK);
  assert.deepEqual(batchesOf(reader), ["9-10: 9 10", "11-12: 11 12"]);
});

Deno.test("a v2 reader that fell out of the ring of a keyed channel gets the latest states, counted", () => {
  const fixture = new StreamFixture(4);
  const reader = fixture.reader();
  fixture.open(reader, "positions");
  fixture.publish("positions", keys("abcabcab"));
  assert.deepEqual(batchesOf(reader), ["1-8: 6 7 8 s5"]);
  assert.equal(fixture.stream("positions").shed.ring_overrun, 5);
  assert.equal(reader.subscriber.eventsSkipped, 5);
  assert.deepEqual(reader.calls, []);
});

Deno.test("without a store, a lossless reader that fell out of the ring is too slow", () => {
  const fixture = new StreamFixture(4);
  const reader = fixture.reader();
  fixture.open(reader, "risk-alerts");
  fixture.publish("risk-alerts", repeat("a", 4));
  assert.deepEqual(reader.calls, []);
  fixture.publish("risk-alerts", repeat("a", 5));
  assert.deepEqual(reader.calls, ["tooSlow"]);
  assert.deepEqual(batchesOf(reader), ["1-4: 1 2 3 4"]);
});

Deno.test("a conflated reader that turns out too slow is not said to have recovered", () => {
  const fixture = new StreamFixture(4);
  const reader = fixture.reader();
  fixture.open(reader, "market-data");
  fillBuffer(reader, HIGH_WATER_BYTES);
  fixture.publish("market-data", ["a"]);
  for (let waited = 0; waited <= PARK_MILLIS; waited += TICK) fixture.tick(TICK);
  fixture.open(reader, "risk-alerts", { snapshot: true }); // It waits for room,
  fixture.publish("risk-alerts", repeat("a", 5)); // and what follows it is lost.
  reader.socket.drain();
  fixture.tick(MIN_THROTTLE_MILLIS);
  assert.deepEqual(reader.calls, ["slow_consumer", "tooSlow"]);
  assert.deepEqual(batchesOf(reader), ["S0:"]);
});

Deno.test("with a store, a lossless reader is too slow when it is over 10,000 live events behind", () => {
  const store = new EventArchive();
  const fixture = new StreamFixture(100, { store });
  const reader = fixture.reader();
  fixture.open(reader, "risk-alerts");
  fillBuffer(reader, HARD_CAP_BYTES);
  fixture.publish("risk-alerts", repeat("a", MAX_LOSSLESS_LAG));
  assert.deepEqual(reader.calls, []);
  fixture.publish("risk-alerts", ["a"]);
  assert.deepEqual(reader.calls, ["tooSlow"]);
});

Deno.test("what a client missed before it came does not make it too slow, however much it is", async () => {
  const store = new EventArchive();
  const fixture = new StreamFixture(100, { store });
  const missed = MAX_LOSSLESS_LAG + 500;
  fixture.publish("risk-alerts", repeat("a", missed));
  const reader = fixture.reader();
  reader.socket.readsAtOnce = true;
  fixture.open(reader, "risk-alerts", { since: { epoch: EPOCH, seq: 0 } });
  fixture.publish("risk-alerts", repeat("b", 3));
  while (fixture.batches(reader, "risk-alerts").lag > 0 && reader.calls.length === 0) {
    fixture.tick(TICK);
    await settle();
  }
  assert.deepEqual(reader.calls, []);
  let next = 1;
  for (const frame of reader.socket.frames.map((text) => ServerMessageV2.parse(JSON.parse(text)))) {
    assert.ok(frame.type === "events" && frame.from === next && frame.skipped === 0);
    assert.equal(frame.replay, frame.to <= missed);
    next = frame.to + 1;
  }
  assert.equal(next, missed + 3 + 1);
});

Deno.test("no event of a channel comes between the parts of its snapshot, those of others do", () => {
  const fixture = new StreamFixture();
  fixture.publish("positions", keys("abcdef"), { fill: 30_000 });
  const reader = fixture.reader();
  fixture.open(reader, "risk-alerts");
  fixture.open(reader, "positions", { snapshot: true });
  fixture.publish("positions", ["a"]);
  fixture.publish("risk-alerts", ["a"]);
  fixture.tick(TICK);
  assert.deepEqual(batchesOf(reader), ["S6: 1 2 …", "S6: 3 4 …", "1-1: 1"]);
  reader.socket.drain();
  fixture.tick(TICK);
  assert.deepEqual(batchesOf(reader), ["S6: 5 6", "7-7: 7"]);
});

Deno.test("who unsubscribes from the last channel is neither parked nor conflated any more", () => {
  for (const rate of [0, 1]) {
    const fixture = new StreamFixture();
    const reader = fixture.reader({ rate });
    fixture.open(reader, "market-data");
    fixture.publish("market-data", keys("abcdef"), { fill: 30_000 });
    fixture.tick(TICK);
    assert.equal(fixture.fanout.held, 1);
    fixture.fanout.unsubscribe(reader.subscriber, "market-data");
    assert.equal(fixture.fanout.held, 0);
    assert.equal(reader.subscriber.throttle, undefined);
  }
});
