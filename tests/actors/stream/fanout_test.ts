import assert from "node:assert/strict";
import { HIGH_WATER_BYTES, LOW_WATER_BYTES } from "../../../actors/stream/subscriber.ts";
import { fillBuffer, range, short, StreamFixture } from "../../support/stream_fixture.ts";
import { join, keys, repeat, sent, TICK } from "./fanout_readers.ts";

Deno.test("an event goes out at the end of the turn in which it was appended, to its subscribers", () => {
  const fixture = new StreamFixture();
  const one = join(fixture, ["positions"]);
  const other = join(fixture, ["market-data"]);
  fixture.append("positions", "a");
  assert.deepEqual(sent(one), []);
  fixture.clock.turn();
  assert.deepEqual(sent(one), ["1"]);
  assert.deepEqual(sent(other), []);
});

Deno.test("who subscribes without a replay gets what comes after, and nothing from before", () => {
  const fixture = new StreamFixture();
  fixture.append("positions", "a"); // Accepted, but its turn has not ended.
  const reader = join(fixture, ["positions"]);
  fixture.clock.turns();
  fixture.publish("positions", keys("ab"));
  assert.deepEqual(sent(reader), range(2, 3));
});

Deno.test("replay and live events join without a gap or a repeat, also in the middle of a turn", () => {
  const fixture = new StreamFixture();
  const { subscriber, socket } = fixture.reader();
  fixture.publish("positions", keys("aba"));
  fixture.append("positions", "c");
  fixture.join(subscriber, "positions", 10);
  fixture.append("positions", "b");
  fixture.clock.turns();
  assert.deepEqual(short(socket.take()), ["r2", "r3", "r4", "5"]);
});

Deno.test("the replay of alerts is the latest of each of the last ids, and live ones follow", () => {
  const fixture = new StreamFixture();
  fixture.publish("risk-alerts", ["a", "b", "c", "b", "b", "b"]);
  const { subscriber, socket } = fixture.reader();
  fixture.join(subscriber, "risk-alerts", 2);
  fixture.publish("risk-alerts", ["a"]);
  assert.deepEqual(short(socket.take()), ["r3", "r6", "7"]);
});

Deno.test("one alert that lasts does not push another out of the replay", () => {
  const fixture = new StreamFixture();
  fixture.publish("risk-alerts", ["A", ...repeat("B", 60)]);
  const { subscriber, socket } = fixture.reader();
  fixture.join(subscriber, "risk-alerts", 50);
  assert.deepEqual(short(socket.take()), ["r1", "r61"]);
});

Deno.test("the replay of warnings is the last ones, as they are single notices", () => {
  const fixture = new StreamFixture();
  fixture.publish("system-warnings", repeat("a", 5));
  const { subscriber, socket } = fixture.reader();
  fixture.join(subscriber, "system-warnings", 2);
  assert.deepEqual(short(socket.take()), ["r4", "r5"]);
});

Deno.test("live events wait for the end of a replay that does not fit, and then all arrive", () => {
  const fixture = new StreamFixture();
  for (const key of "abc") fixture.publish("positions", [key], { fill: 40_000 });
  const reader = fixture.reader();
  fixture.join(reader.subscriber, "positions", 10);
  fixture.publish("positions", ["d"]);
  assert.deepEqual(sent(reader), ["r1", "r2"]);
  reader.socket.drain();
  fixture.tick(TICK);
  assert.deepEqual(sent(reader), ["r3", "4"]);
  assert.equal(fixture.fanout.held, 0);
});

Deno.test("asking for the replay again repeats the states that were sent, and the stream goes on", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions"]);
  fixture.publish("positions", keys("aab"));
  fixture.join(reader.subscriber, "positions", 10);
  fixture.publish("positions", ["a"]);
  assert.deepEqual(sent(reader), ["1", "2", "3", "r2", "r3", "4"]);
});

Deno.test("asking for the replay again before its end starts it over", () => {
  const fixture = new StreamFixture();
  for (const key of "abc") fixture.publish("positions", [key], { fill: 40_000 });
  const reader = fixture.reader();
  fixture.join(reader.subscriber, "positions", 10);
  assert.deepEqual(sent(reader), ["r1", "r2"]);
  reader.socket.drain();
  fixture.join(reader.subscriber, "positions", 10);
  assert.deepEqual(sent(reader), ["r1", "r2"]);
  reader.socket.drain();
  fixture.tick(TICK);
  assert.deepEqual(sent(reader), ["r3"]);
});

Deno.test("a subscription looks at the buffer as it is now, not as the last turn left it", () => {
  const fixture = new StreamFixture();
  fixture.publish("positions", ["a"]);
  const reader = join(fixture, ["market-data"]);
  fixture.publish("market-data", ["BTC"], { fill: HIGH_WATER_BYTES });
  reader.socket.drain();
  sent(reader);
  fixture.join(reader.subscriber, "positions", 10);
  assert.deepEqual(sent(reader), ["r1"]);
});

Deno.test("a buffer that cannot be over the mark is not read at all", () => {
  const fixture = new StreamFixture();
  const { socket } = join(fixture, ["market-data"]);
  fixture.publish("market-data", ["BTC"], { fill: LOW_WATER_BYTES / 2 });
  fixture.publish("market-data", ["BTC"]);
  assert.equal(socket.reads, 0);
  fixture.publish("market-data", ["BTC"], { fill: LOW_WATER_BYTES / 2 });
  fixture.publish("market-data", ["BTC"]);
  assert.equal(socket.reads, 1);
});

Deno.test("the buffer is read once a turn, however many channels and events there are", () => {
  const fixture = new StreamFixture();
  const channels = ["risk-alerts", "positions", "market-data"] as const;
  const reader = join(fixture, channels);
  const { socket } = reader;
  fillBuffer(reader, LOW_WATER_BYTES);
  for (const channel of channels) {
    for (let count = 0; count < 3; count++) fixture.append(channel, "a");
  }
  socket.reads = 0;
  fixture.clock.turns();
  assert.equal(socket.frames.length, 9);
  assert.equal(socket.reads, 1);
});

Deno.test("a replay asked for while behind leaves to the stream what the stream still owes", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions"], { rate: 2 });
  fixture.publish("positions", keys("abac")); // Two tokens: 3 (a) and 4 (c) are owed.
  fixture.join(reader.subscriber, "positions", 10);
  assert.deepEqual(sent(reader), ["1", "2", "r2"]);
  fixture.tick(1_000);
  assert.deepEqual(sent(reader), ["3", "4"]);
});

Deno.test("subscribing again without a replay changes nothing", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions", "positions"]);
  fixture.publish("positions", ["a"]);
  fixture.join(reader.subscriber, "positions", 0);
  fixture.publish("positions", ["a"]);
  assert.deepEqual(sent(reader), ["1", "2"]);
  assert.equal(fixture.readers("positions").count, 1);
});

Deno.test("after unsubscribing nothing comes, and a new subscription starts at the head", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions"]);
  fixture.publish("positions", ["a"]);
  fixture.append("positions", "a");
  fixture.fanout.unsubscribe(reader.subscriber, "positions");
  fixture.clock.turns();
  fixture.publish("positions", ["a"]);
  fixture.join(reader.subscriber, "positions", 0);
  fixture.publish("positions", ["a"]);
  assert.deepEqual(sent(reader), ["1", "4"]);
});

Deno.test("unsubscribing from what was never subscribed is harmless", () => {
  const fixture = new StreamFixture();
  const reader = join(fixture, ["positions"]);
  fixture.fanout.unsubscribe(reader.subscriber, "market-data");
  fixture.publish("positions", ["a"]);
  assert.deepEqual(sent(reader), ["1"]);
});
