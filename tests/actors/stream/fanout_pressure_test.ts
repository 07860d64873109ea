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
import { FakeSocket } from "../../support/fake_socket.ts";
import {
  fillBuffer,
  range,
  type Reader,
  short,
  StreamFixture,
} from "../../support/stream_fixture.ts";
import { join, keys, repeat, sent, TICK } from "./fanout_readers.ts";

Deno.test("a full buffer parks: nothing is shed, nobody is told, and all follows once it is read", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fixture.publish("market-data", repeat("BTC", 30), { fill: 5_000 });
  const first = sent(reader);
  assert.deepEqual(first, range(1, first.length));
  // Each frame has 5000 bytes and its envelope of well under 500; the last one crosses the mark.
  assert.ok(first.length >= 12 && first.length <= 14, `${first.length} fit into 64 KiB`);
  assert.ok(reader.socket.bufferedAmount >= HIGH_WATER_BYTES);
  assert.ok(reader.socket.bufferedAmount < HIGH_WATER_BYTES + 5_500);
  assert.equal(fixture.fanout.held, 1);
  fixture.tick(TICK);
  assert.deepEqual(sent(reader), []);
  while (fixture.cursor(reader, "market-data").lag > 0) {
    reader.socket.drain();
    fixture.tick(TICK);
  }
  assert.deepEqual([...first, ...sent(reader)], range(1, 30));
  assert.deepEqual(reader.calls, []);
  fixture.tick(TICK);
  assert.equal(fixture.fanout.held, 0);
});

Deno.test("a peer that stops reading is conflated 250 ms after its buffer was filled", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fixture.publish("market-data", repeat("BTC", 30), { fill: 5_000 });
  for (let waited = TICK; waited < PARK_MILLIS; waited += TICK) fixture.tick(TICK);
  assert.deepEqual(reader.calls, []);
  fixture.tick(TICK);
  assert.deepEqual(reader.calls, ["slow_consumer"]);
});

Deno.test("a peer that reads, but less than what comes, is conflated 250 ms after it fell behind", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  let waited = 0;
  while (reader.calls.length === 0 && waited < 2_000) {
    fixture.publish("market-data", repeat("BTC", 5), { fill: 5_000 });
    reader.socket.drain(10_000);
    fixture.tick(TICK);
    waited += TICK;
  }
  assert.deepEqual(reader.calls, ["slow_consumer"]);
  // 15 kB more a tick than it reads fill 64 KiB in 5 ticks; 250 ms are 5 more, and 2 are the grid's.
  assert.ok(waited <= 12 * TICK, `after ${waited} ms`);
});

Deno.test("a buffer that stays over the mark conflates after 250 ms, whoever filled it", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fillBuffer(reader, HIGH_WATER_BYTES + 1);
  fixture.publish("market-data", ["BTC"]);
  fixture.tick(PARK_MILLIS - 1);
  assert.deepEqual(reader.calls, []);
  fixture.tick(1);
  assert.deepEqual(reader.calls, ["slow_consumer"]);
});

Deno.test("a peer that reads everything between two ticks is never conflated, however much comes", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fixture.publish("market-data", repeat("BTC", 200), { fill: 5_000 });
  for (let waited = 0; waited < PARK_MILLIS * 2; waited += TICK) {
    reader.socket.drain();
    fixture.tick(TICK);
  }
  assert.deepEqual(reader.calls, []);
  assert.deepEqual(sent(reader), range(1, reader.subscriber.eventsSent));
});

Deno.test("a slow reader that is conflated gets the latest once it reads, and is streamed again", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fillBuffer(reader, HIGH_WATER_BYTES);
  fixture.publish("market-data", keys("aabab"));
  fixture.tick(PARK_MILLIS);
  assert.deepEqual([reader.calls, sent(reader)], [["slow_consumer"], []]);
  reader.socket.drain();
  fixture.tick(MIN_THROTTLE_MILLIS);
  assert.deepEqual(sent(reader), ["4+3", "5"]);
  assert.deepEqual(reader.calls, ["slow_consumer", "recovered"]);
  assert.equal(fixture.stream("market-data").shed.slow_consumer, 3);
  fixture.publish("market-data", keys("aa"));
  assert.deepEqual(sent(reader), ["6", "7"]);
});

Deno.test("an empty bucket conflates at once, and the last state comes with the next token", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 4 });
  fixture.publish("market-data", repeat("BTC", 10));
  assert.deepEqual(reader.calls, ["rate_limit"]);
  assert.deepEqual(sent(reader), range(1, 4));
  fixture.tick(249);
  assert.deepEqual(sent(reader), []);
  fixture.tick(1);
  assert.deepEqual(sent(reader), ["10+5"]);
  assert.equal(fixture.stream("market-data").shed.rate_limit, 5);
  assert.equal(reader.subscriber.eventsSkipped, 5);
});

Deno.test("conflated, new events wait for the tick", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 4 });
  fixture.publish("market-data", repeat("BTC", 5));
  sent(reader);
  fixture.tick(249);
  fixture.publish("market-data", ["BTC"]);
  fixture.clock.advance(0.5);
  assert.deepEqual(sent(reader), []);
  fixture.tick(0.5); // The fifth tick, and the first token.
  assert.deepEqual(sent(reader), ["6+1"]);
});

Deno.test("conflation lasts 250 ms at least, even when there is nothing left to wait for", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"]);
  fillBuffer(reader, HIGH_WATER_BYTES);
  fixture.publish("market-data", ["BTC"]);
  fixture.tick(PARK_MILLIS);
  reader.socket.drain();
  fixture.tick(MIN_THROTTLE_MILLIS - 1);
  assert.deepEqual(sent(reader), ["1"]);
  assert.deepEqual(reader.calls, ["slow_consumer"]);
  fixture.tick(1);
  assert.deepEqual(reader.calls, ["slow_consumer", "recovered"]);
});

Deno.test("conflation lasts until a quarter of the tokens is there", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 20 });
  fixture.publish("market-data", repeat("BTC", 21)); // 20 were sent; the last costs one more.
  reader.socket.drain();
  fixture.tick(299); // At the last tick there were 5 tokens less one; a quarter are 5.
  assert.deepEqual(reader.calls, ["rate_limit"]);
  fixture.tick(1);
  assert.deepEqual(reader.calls, ["rate_limit", "recovered"]);
});

Deno.test("conflation lasts until the buffer is under the low-water mark", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 4 });
  fixture.publish("market-data", repeat("BTC", 5));
  fillBuffer(reader, LOW_WATER_BYTES + 1_000);
  fixture.tick(1_000);
  assert.deepEqual(reader.calls, ["rate_limit"]);
  fillBuffer(reader, LOW_WATER_BYTES);
  fixture.tick(1_000);
  assert.deepEqual(reader.calls, ["rate_limit"]);
  fillBuffer(reader, LOW_WATER_BYTES - 1);
  fixture.tick(TICK);
  assert.deepEqual(reader.calls, ["rate_limit", "recovered"]);
});

Deno.test("what the last tokens before the recovery did not reach arrives without a new event", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions"], { rate: 3 });
  fixture.publish("positions", keys("abcdef"));
  assert.deepEqual(sent(reader), range(1, 3));
  // A third of a token is more than a quarter of the bucket, and yet less than a token.
  for (let step = 0; step < 40; step++) fixture.tick(100);
  assert.deepEqual(sent(reader), range(4, 6));
});

Deno.test("alerts are neither metered nor held back while everything else is conflated", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data", "risk-alerts"], { rate: 1 });
  fixture.publish("market-data", repeat("BTC", 3));
  assert.deepEqual(reader.calls, ["rate_limit"]);
  sent(reader);
  fixture.publish("risk-alerts", repeat("a", 50));
  assert.deepEqual(sent(reader), range(1, 50));
  assert.equal(fixture.stream("risk-alerts").shed.rate_limit, 0);
});

Deno.test("nothing takes the buffer over 256 KiB, and alerts wait there without a loss", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["risk-alerts"]);
  fixture.publish("risk-alerts", repeat("a", 100), { fill: 10_000 });
  const before = sent(reader).length;
  assert.ok(before >= 24 && before <= 26, `${before} of 10 kB fit into 256 KiB`);
  assert.ok(reader.socket.peak <= HARD_CAP_BYTES);
  for (let step = 0; step < 10; step++) {
    reader.socket.drain();
    fixture.tick(TICK);
  }
  assert.deepEqual(short(reader.socket.frames), range(1, 100));
  assert.ok(reader.socket.peak <= HARD_CAP_BYTES);
});

Deno.test("who falls out of the ring of a conflated channel gets the latest of each key instead", () => {
  const fixture = new StreamFixture(4);
  const reader = join(fixture, ["market-data"]);
  for (const key of "abaaaaaa") fixture.append("market-data", key); // Latest: b 2, a 8.
  fixture.clock.turns();
  assert.deepEqual(sent(reader), ["2+1", "8+5"]);
  assert.deepEqual(reader.calls, []);
  assert.equal(fixture.stream("market-data").shed.ring_overrun, 6);
  fixture.publish("market-data", ["a"]);
  assert.deepEqual(sent(reader), ["9"]);
});

Deno.test("who falls out of the ring of alerts is too slow, and gets nothing after the hole", () => {
  const fixture = new StreamFixture(4);
  const reader = join(fixture, ["risk-alerts", "positions"]);
  fixture.publish("risk-alerts", ["a"]);
  fillBuffer(reader, HARD_CAP_BYTES);
  fixture.publish("risk-alerts", repeat("a", 4));
  assert.deepEqual(reader.calls, []);
  fixture.publish("risk-alerts", ["a"]);
  assert.deepEqual(reader.calls, ["tooSlow"]);
  reader.socket.drain();
  fixture.publish("positions", ["p"]);
  fixture.tick(PARK_MILLIS);
  assert.deepEqual(sent(reader), ["1"]);
  assert.deepEqual(reader.calls, ["tooSlow"]);
  assert.equal(fixture.fanout.held, 0);
});

Deno.test("who is more than 10,000 alerts behind is too slow, though the ring holds them all", () => {
  const fixture = new StreamFixture(MAX_LOSSLESS_LAG + 10);
  const reader = join(fixture, ["risk-alerts"]);
  fillBuffer(reader, HARD_CAP_BYTES);
  fixture.publish("risk-alerts", repeat("a", MAX_LOSSLESS_LAG));
  assert.deepEqual(reader.calls, []);
  fixture.publish("risk-alerts", ["a"]);
  assert.deepEqual(reader.calls, ["tooSlow"]);
  assert.equal(fixture.fanout.held, 0);
});

Deno.test("giving up every subscription ends conflation without a word, and a new one starts afresh", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 1 });
  fixture.publish("market-data", repeat("BTC", 3));
  fixture.fanout.unsubscribe(reader.subscriber, "market-data");
  assert.equal(reader.subscriber.throttle, undefined);
  assert.equal(fixture.fanout.held, 0);
  fixture.tick(10_000);
  fixture.join(reader.subscriber, "market-data", 0);
  fixture.publish("market-data", ["BTC"]);
  assert.deepEqual(sent(reader), ["1", "4"]);
  assert.deepEqual(reader.calls, ["rate_limit"]);
});

Deno.test("giving up one of two subscriptions does not end conflation", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data", "positions"], { rate: 1 });
  fixture.publish("market-data", repeat("BTC", 3));
  fixture.fanout.unsubscribe(reader.subscriber, "market-data");
  assert.equal(fixture.fanout.held, 1);
  fixture.tick(1_000);
  assert.deepEqual(reader.calls, ["rate_limit", "recovered"]);
});

Deno.test("there are ticks while anyone is held up, and none before and after", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["market-data"], { rate: 4 });
  fixture.publish("market-data", ["BTC"]);
  assert.equal(fixture.clock.pendingTimers, 0);
  fixture.publish("market-data", repeat("BTC", 4));
  assert.equal(fixture.clock.pendingTimers, 1);
  fixture.tick(1_000);
  assert.deepEqual(reader.calls, ["rate_limit", "recovered"]);
  fixture.tick(TICK);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("who leaves during a pass does not cost anyone else an event", () => {
  for (let leaver = 0; leaver < 4; leaver++) {
    const fixture = new StreamFixture();
    const readers: Reader[] = Array.from(
      { length: 4 },
      (_, index) =>
        join(fixture, ["market-data"], {
          socket: new FakeSocket(() => {
            if (index === leaver) fixture.fanout.remove(readers[index]!.subscriber);
          }),
        }),
    );
    fixture.publish("market-data", ["BTC"]);
    fixture.publish("market-data", ["BTC"]);
    readers.forEach((reader, index) => {
      assert.deepEqual(sent(reader), index === leaver ? ["1"] : ["1", "2"]);
    });
  }
});

Deno.test("who is removed by another during a pass gets nothing more, and the rest everything", () => {
  const fixture = new StreamFixture();
  const readers: Reader[] = Array.from({ length: 5 }, (_, index) =>
    join(fixture, ["market-data"], {
      socket: new FakeSocket(() => {
        // The second takes the first along, which was served, and the fourth, which was not.
        if (index === 1) {
          for (const gone of [0, 3]) fixture.fanout.remove(readers[gone]!.subscriber);
        }
      }),
    }));
  fixture.publish("market-data", ["BTC"]);
  assert.deepEqual(readers.map(sent), [["1"], ["1"], ["1"], [], ["1"]]);
});

Deno.test("who is too slow is removed in the middle of a pass, and the others are served", () => {
  const fixture = new StreamFixture(2);
  const readers = Array.from({ length: 3 }, () => join(fixture, ["risk-alerts"]));
  fillBuffer(readers[1]!, HARD_CAP_BYTES);
  fixture.publish("risk-alerts", keys("ab"));
  fixture.publish("risk-alerts", keys("c"));
  assert.deepEqual(readers.map(sent), [range(1, 3), [], range(1, 3)]);
  assert.deepEqual(readers[1]!.calls, ["tooSlow"]);
});
