import assert from "node:assert/strict";
import { EMPTY_FRAME_RANGE } from "../../../actors/stream/cursor_v2.ts";
import { MAX_FRAME_LENGTH } from "../../../actors/stream/snapshot.ts";
import { HARD_CAP_BYTES, HIGH_WATER_BYTES } from "../../../actors/stream/subscriber.ts";
import { Lane, since } from "./batch_lane.ts";

const a = { filter: { symbols: ["a"] } };

Deno.test("in order: one frame up to the head, the next one begins after it", () => {
  const lane = new Lane("positions");
  lane.append("aab");
  assert.equal(lane.cursor.serveInOrder(0), "current");
  lane.append("a");
  lane.append("b", { ends: "removed" });
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["1-3: 1 2 3", "4-5: 4 5"]);
});

Deno.test("in order: what the filter excludes is counted, before, between and after the events", () => {
  const lane = new Lane("market-data", a);
  lane.append("bbabacc");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-7: 3 5 f5"]);
  assert.equal(lane.reader.subscriber.eventsSkipped, 0);
});

Deno.test("in order: one token a frame, however many events are in it", () => {
  const lane = new Lane("positions", { rate: 2 });
  lane.append("abcdefgh");
  lane.cursor.serveInOrder(0);
  assert.equal(lane.reader.subscriber.bucket.level(0), 0.5);
  lane.append("a");
  lane.cursor.serveInOrder(0);
  lane.append("b");
  assert.equal(lane.cursor.serveInOrder(0), "empty");
  assert.deepEqual(lane.sent(), ["1-8: 1 2 3 4 5 6 7 8", "9-9: 9"]);
  assert.equal(lane.cursor.serveInOrder(500), "current");
  assert.deepEqual(lane.sent(), ["10-10: 10"]);
});

Deno.test("in order: a frame ends at 64 Ki characters, and each costs a token", () => {
  const lane = new Lane("positions", { rate: 10 });
  lane.append("abcde", { fill: 30_000 });
  lane.buffer(-HARD_CAP_BYTES);
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-2: 1 2", "3-4: 3 4", "5-5: 5"]);
  assert.equal(Math.round(lane.reader.subscriber.bucket.level(0) * 10), 7);
});

Deno.test("in order: a single event may be longer than a frame, and stands alone", () => {
  const lane = new Lane("positions");
  lane.append("a");
  lane.append("b", { fill: MAX_FRAME_LENGTH });
  lane.append("c");
  lane.cursor.serveInOrder(0);
  lane.buffer(0);
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-1: 1", "2-2: 2", "3-3: 3"]);
});

Deno.test("in order: it stops at the high-water mark without a token, and goes on from there", () => {
  const lane = new Lane("positions", { rate: 1 });
  lane.append("a");
  lane.buffer(HIGH_WATER_BYTES);
  assert.equal(lane.cursor.serveInOrder(0), "full");
  lane.buffer(HIGH_WATER_BYTES - 1);
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["1-1: 1"]);
});

Deno.test("nothing is sent that would take the buffer over the hard cap, on any lane", () => {
  const serve = {
    "positions": (lane: Lane) => lane.cursor.serveInOrder(0),
    "market-data": (lane: Lane) => lane.cursor.serveConflated(0, "slow_consumer"),
    "risk-alerts": (lane: Lane) => lane.cursor.serveLossless(),
  } as const;
  for (const channel of ["positions", "market-data", "risk-alerts"] as const) {
    const lane = new Lane(channel);
    lane.append("a", { fill: HARD_CAP_BYTES - HIGH_WATER_BYTES });
    lane.buffer(HIGH_WATER_BYTES - 1);
    assert.equal(serve[channel](lane), "full", channel);
    assert.deepEqual(lane.sent(), []);
    lane.buffer(0);
    assert.equal(serve[channel](lane), "current", channel);
  }
});

Deno.test("the hard cap counts bytes, not characters", () => {
  const lane = new Lane("risk-alerts");
  lane.append("a", { fields: { message: "ü".repeat(60_000) } });
  lane.buffer(HARD_CAP_BYTES - 120_000);
  assert.equal(lane.cursor.serveLossless(), "full");
  lane.buffer(HARD_CAP_BYTES - 121_000);
  assert.equal(lane.cursor.serveLossless(), "current");
  assert.equal(
    lane.reader.subscriber.buffered - (HARD_CAP_BYTES - 121_000),
    lane.reader.socket.peak,
  );
});

Deno.test("in order: it does not jump over what the ring lost", () => {
  const lane = new Lane("market-data", { ring: 3 });
  lane.append("aaaaa");
  assert.equal(lane.cursor.serveInOrder(0), "behind");
  assert.deepEqual([lane.sent(), lane.cursor.next], [[], 1]);
});

Deno.test("a frame without events waits until its range is worth it", () => {
  for (const channel of ["market-data", "risk-alerts"] as const) {
    const isLossless = channel === "risk-alerts";
    // Alerts have no symbol.
    const filter = isLossless ? { traderIds: ["a"] } : { symbols: ["a"] };
    const fields = isLossless ? { traderId: "b" } : { symbol: "b" };
    const lane = new Lane(channel, { ring: 100_000, rate: 1, filter });
    const serve = () => isLossless ? lane.cursor.serveLossless() : lane.cursor.serveInOrder(0);
    lane.append("b".repeat(EMPTY_FRAME_RANGE - 1), { fields });
    assert.equal(serve(), "current");
    assert.deepEqual(lane.sent(), []);
    assert.equal(lane.reader.subscriber.bucket.level(0), 1);
    lane.append("b", { fields });
    serve();
    assert.deepEqual(lane.sent(), [`1-${EMPTY_FRAME_RANGE}: f${EMPTY_FRAME_RANGE}`]);
  }
});

Deno.test("an empty frame of a metered lane costs a token as well", () => {
  const lane = new Lane("market-data", { ring: 4, rate: 1, ...a });
  lane.append("b");
  lane.cursor.serveInOrder(0);
  lane.append("b");
  assert.equal(lane.cursor.serveInOrder(0), "empty");
  assert.deepEqual(lane.sent(), ["1-1: f1"]);
});

Deno.test("a small ring does not wait so long: the place must stay in it", () => {
  const lane = new Lane("market-data", { ring: 40, ...a });
  lane.append("b".repeat(9));
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), []);
  lane.append("b");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-10: f10"]);
});

Deno.test("an event ends the wait of what was excluded before it", () => {
  const lane = new Lane("market-data", a);
  lane.append("bb");
  lane.cursor.serveInOrder(0);
  lane.append("ab");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-4: 3 f3"]);
});

Deno.test("a flush lets one empty frame go, and none when there is nothing to tell", () => {
  const lane = new Lane("market-data", a);
  lane.cursor.flushProgress(0);
  lane.append("b");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), [], "flushed before anything happened");
  lane.cursor.flushProgress(0);
  lane.cursor.serveInOrder(0);
  lane.append("b");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-1: f1"]);
});

Deno.test("replay: it is marked, unmetered, ends where the client came in, and live follows", () => {
  const lane = new Lane("positions", { before: "abc", since: since(1), rate: 1 });
  lane.append("de");
  assert.equal(lane.cursor.serveReplay(), "current");
  assert.equal(lane.reader.subscriber.bucket.level(0), 1);
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["r2-3: 2 3", "4-5: 4 5"]);
});

Deno.test("replay: an empty one is not withheld, so that the client knows its end", () => {
  const lane = new Lane("market-data", { before: "abb", since: since(1), ...a });
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["r2-3: f2"]);
});

Deno.test("replay: it stops at the high-water mark on every lane, and goes on from there", () => {
  for (const channel of ["risk-alerts", "positions"] as const) {
    const lane = new Lane(channel, { before: "ab", since: since(0) });
    lane.buffer(HIGH_WATER_BYTES);
    assert.equal(lane.cursor.serveReplay(), "full");
    assert.deepEqual(lane.sent(), []);
    lane.buffer(0);
    assert.equal(lane.cursor.serveReplay(), "current");
    assert.deepEqual(lane.sent(), ["r1-2: 1 2"]);
  }
});

Deno.test("replay: what fell out of the ring comes conflated, the rest in order", () => {
  const lane = new Lane("positions", { before: "aabc", since: since(0), ring: 3 });
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["r1-4: 2 3 4 s1"]);
  assert.equal(lane.shed()["ring_overrun"], 1);
});

Deno.test("replay: a state that changed since comes with the live frame", () => {
  const lane = new Lane("positions", { before: "aabc", since: since(0), ring: 3 });
  lane.append("b"); // 3 is superseded.
  lane.cursor.serveReplay();
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["r1-4: 2 4 s2", "5-5: 5"]);
});

Deno.test("conflate: the latest of each key, and the others are counted as asked for", () => {
  const lane = new Lane("market-data", { conflate: true });
  lane.append("abacbad"); // Latest: c 4, b 5, a 6, d 7.
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["1-7: 4 5 6 7 s3"]);
  assert.equal(lane.reader.subscriber.eventsSkipped, 3);
  assert.deepEqual(lane.shed(), {
    rate_limit: 0,
    slow_consumer: 0,
    ring_overrun: 0,
    conflated: 3,
  });
});

Deno.test("conflate: ends arrive, also of keys that came and went in between", () => {
  const lane = new Lane("positions", { conflate: true });
  lane.append("ab");
  lane.append("a", { ends: "closed" });
  lane.append("b", { ends: "removed" });
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-4: 3 4 s2"]);
});

Deno.test("conflate: a missed past is replayed in order all the same", () => {
  const lane = new Lane("positions", { before: "aab", since: since(0), conflate: true });
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["r1-3: 1 2 3"]);
});

Deno.test("throttled: the latest of each key, counted under the reason", () => {
  for (const reason of ["rate_limit", "slow_consumer"] as const) {
    const lane = new Lane("market-data");
    lane.append("aab");
    lane.cursor.serveConflated(0, reason);
    assert.deepEqual(lane.sent(), ["1-3: 2 3 s1"]);
    assert.equal(lane.shed()[reason], 1);
  }
});

Deno.test("throttled: the client's interval is kept, but not for what the ring loses", () => {
  const lane = new Lane("market-data", { intervalMs: 200 });
  lane.append("a");
  lane.cursor.serveConflated(1_000, "rate_limit");
  lane.append("b");
  assert.equal(lane.cursor.serveConflated(1_199, "rate_limit"), "current");
  assert.deepEqual(lane.sent(), ["1-1: 1"]);
  lane.cursor.serveConflated(1_200, "rate_limit");
  assert.deepEqual(lane.sent(), ["2-2: 2"]);
  lane.append("c");
  lane.cursor.serveConflated(1_201, "ring_overrun");
  assert.deepEqual(lane.sent(), ["3-3: 3"]);
});

Deno.test("conflated across the ring's edge: what the ring has is looked at, the rest is skipped", () => {
  const lane = new Lane("market-data", { ring: 4, ...a });
  lane.append("abcbabba"); // The ring holds 5 to 8: two of a, two of b.
  lane.cursor.serveConflated(0, "ring_overrun");
  assert.deepEqual(lane.sent(), ["1-8: 8 s5 f2"]);
});

Deno.test("conflated across the ring's edge: a state that left the ring is still sent", () => {
  const lane = new Lane("market-data", { ring: 2, filter: { symbols: ["a", "c"] } });
  lane.append("abcbcc"); // Latest: a 1, b 4, c 6; the ring holds 5 and 6.
  lane.cursor.serveConflated(0, "ring_overrun");
  assert.deepEqual(lane.sent(), ["1-6: 1 6 s4"]);
});
