import assert from "node:assert/strict";
import { HIGH_WATER_BYTES } from "../../../actors/stream/subscriber.ts";
import { Lane, since } from "./batch_lane.ts";

Deno.test("below the horizon no fold is honest: a snapshot replaces the table", () => {
  for (const options of [{ ring: 3 }, { conflate: true }]) {
    const lane = new Lane("positions", options);
    lane.append("abcaad");
    lane.fixture.stream("positions").latest!.raiseHorizon(3);
    const outcome = options.conflate
      ? lane.cursor.serveInOrder(0)
      : lane.cursor.serveConflated(0, "ring_overrun");
    assert.equal(outcome, "current");
    assert.deepEqual(lane.sent(), ["S6: 2 3 5 6"]);
    lane.append("a");
    lane.cursor.serveInOrder(0);
    assert.deepEqual(lane.sent(), ["7-7: 7"]);
  }
});

Deno.test("at the horizon the fold is whole", () => {
  const lane = new Lane("positions", { ring: 3, before: "abc" });
  lane.append("aad");
  lane.fixture.stream("positions").latest!.raiseHorizon(3);
  lane.append("a");
  lane.cursor.serveConflated(0, "ring_overrun");
  assert.deepEqual(lane.sent(), ["4-7: 6 7 s2"]);
});

Deno.test("below the horizon what the ring still holds goes on in order", () => {
  const lane = new Lane("positions");
  lane.append("abc");
  lane.fixture.stream("positions").latest!.raiseHorizon(3);
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1-3: 1 2 3"]);
});

Deno.test("a replay that falls below the horizon while it waits becomes a snapshot", () => {
  const lane = new Lane("positions", { before: "abcd", since: since(1), ring: 4 });
  lane.append("aaa");
  lane.fixture.stream("positions").latest!.raiseHorizon(2);
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["S7: 2 3 4 7"]);
  assert.equal(lane.cursor.replaying, false);
});

Deno.test("a snapshot comes in parts of at most 64 Ki characters, and nothing between them", () => {
  const lane = new Lane("positions", { before: "" });
  for (const key of "abcd") lane.append(key, { fill: 30_000 });
  lane.cursor.startSnapshot(50);
  lane.append("e");
  assert.equal(lane.cursor.serveReplay(), "current");
  assert.deepEqual(lane.sent(), ["S4: 1 2 …", "S4: 3 4"]);
});

Deno.test("a snapshot is free, and goes on where the buffer stopped it", () => {
  const lane = new Lane("positions", { rate: 1 });
  for (const key of "abcdef") lane.append(key, { fill: 30_000 });
  lane.cursor.startSnapshot(50);
  lane.buffer(HIGH_WATER_BYTES - 1);
  assert.equal(lane.cursor.serveReplay(), "full");
  assert.deepEqual(lane.sent(), ["S6: 1 2 …"]);
  lane.append("a");
  assert.equal(lane.cursor.replaying, true);
  lane.buffer(0);
  assert.equal(lane.cursor.serveReplay(), "current");
  assert.equal(lane.reader.subscriber.bucket.level(0), 1);
  lane.buffer(0);
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["S6: 3 4 …", "S6: 5 6", "7-7: 7"]);
});

Deno.test("a snapshot that begins anew before its end begins with its first part", () => {
  const lane = new Lane("positions");
  for (const key of "abcd") lane.append(key, { fill: 30_000 });
  lane.cursor.startSnapshot(50);
  lane.buffer(HIGH_WATER_BYTES - 1);
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["S4: 1 2 …"]);
  lane.append("a");
  lane.cursor.startSnapshot(50);
  lane.buffer(0);
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["S5: 2 3 …", "S5: 4 5"]);
});
