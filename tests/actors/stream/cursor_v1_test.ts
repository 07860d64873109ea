import assert from "node:assert/strict";
import type { LoggedEvent } from "../../../actors/stream/channel_log.ts";
import type { CursorV1 } from "../../../actors/stream/cursor_v1.ts";
import { MAX_TOMBSTONE_BYTES } from "../../../actors/stream/latest_states.ts";
import { HARD_CAP_BYTES, HIGH_WATER_BYTES } from "../../../actors/stream/subscriber.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { type EventOptions, range, type Reader, short } from "../../support/stream_fixture.ts";
import { StreamFixture } from "../../support/stream_fixture.ts";

/** A cursor at the start of a channel, before anything was published. */
class Lane {
  readonly fixture: StreamFixture;
  readonly reader: Reader;
  readonly cursor: CursorV1;
  readonly #channel: Channel;

  constructor(channel: Channel, { rate = 0, ring = 1_000 } = {}) {
    this.#channel = channel;
    this.fixture = new StreamFixture(ring);
    this.reader = this.fixture.reader({ rate });
    this.fixture.join(this.reader.subscriber, channel, 0);
    this.cursor = this.fixture.cursor(this.reader, channel);
  }

  /** Publishes one event per letter. The fan-out does not get a turn. */
  append(keys: string, options: EventOptions = {}): void {
    for (const key of keys) this.fixture.append(this.#channel, key, options);
  }

  /** What is in the log, oldest first. */
  events(): LoggedEvent[] {
    const { log } = this.fixture.stream(this.#channel);
    return Array.from({ length: log.size }, (_, index) => log.get(log.oldest + index)!);
  }

  /** Pretends that so many bytes were buffered at the start of the slice. */
  buffer(bytes: number): void {
    this.reader.subscriber.buffered = bytes;
  }

  /** What was sent since the last look. */
  sent(): string[] {
    return short(this.reader.socket.take());
  }
}

Deno.test("in order: everything up to the head, once", () => {
  const lane = new Lane("positions");
  lane.append("aabab");
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), range(1, 5));
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), []);
});

Deno.test("in order: it stops where the tokens end, and goes on from there", () => {
  const lane = new Lane("positions", { rate: 3 });
  lane.append("abcde");
  assert.equal(lane.cursor.serveInOrder(0), "empty");
  assert.deepEqual(lane.sent(), range(1, 3));
  assert.equal(lane.cursor.serveInOrder(1_000), "current");
  assert.deepEqual(lane.sent(), range(4, 5));
});

Deno.test("in order: it stops at the high-water mark, and takes no token for what did not fit", () => {
  const lane = new Lane("positions", { rate: 2 });
  lane.append("ab");
  lane.buffer(HIGH_WATER_BYTES);
  assert.equal(lane.cursor.serveInOrder(0), "full");
  lane.buffer(0);
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["1", "2"]);
});

Deno.test("in order: a removal is skipped without a token or room, and the next event tells of it", () => {
  const lane = new Lane("positions", { rate: 2 });
  lane.append("a");
  lane.append("ab", { ends: "removed" });
  lane.append("c");
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["1", "4+2"]);
  lane.append("c", { ends: "removed" });
  lane.buffer(HIGH_WATER_BYTES);
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual([lane.cursor.next, lane.cursor.skipped], [6, 1]);
  assert.equal(lane.reader.subscriber.eventsSkipped, 0);
});

Deno.test("in order: it does not jump over events that the ring lost", () => {
  const lane = new Lane("market-data", { ring: 3 });
  lane.append("aaaaa");
  assert.equal(lane.cursor.serveInOrder(0), "behind");
  assert.deepEqual([lane.sent(), lane.cursor.next], [[], 1]);
});

Deno.test("lossless: everything, without tokens, with no regard to the high-water mark", () => {
  const lane = new Lane("risk-alerts", { rate: 1 });
  lane.append("aaa");
  lane.buffer(HIGH_WATER_BYTES);
  assert.equal(lane.cursor.serveLossless(), "current");
  assert.deepEqual(lane.sent(), range(1, 3));
  assert.equal(lane.reader.subscriber.bucket.level(0), 1);
});

Deno.test("lossless: it stops under the hard cap, and goes on from there", () => {
  const lane = new Lane("risk-alerts");
  lane.append("aaaaaa", { fill: 60_000 }); // Four fit into 256 KiB, a fifth does not.
  assert.equal(lane.cursor.serveLossless(), "full");
  assert.deepEqual(lane.sent(), range(1, 4));
  assert.ok(lane.reader.socket.bufferedAmount <= HARD_CAP_BYTES);
  lane.buffer(0);
  assert.equal(lane.cursor.serveLossless(), "current");
  assert.deepEqual(lane.sent(), range(5, 6));
});

Deno.test("lossless: it says so when the next event is gone, and sends nothing after the hole", () => {
  const lane = new Lane("risk-alerts", { ring: 3 });
  lane.append("aaaa");
  assert.equal(lane.cursor.serveLossless(), "behind");
  assert.deepEqual(lane.sent(), []);
});

Deno.test("next: the event that follows is sent at once, and only that", () => {
  const lane = new Lane("positions");
  lane.append("ab");
  const [first, second] = lane.events();
  assert.equal(lane.cursor.sendNext(second!, 0), false);
  assert.equal(lane.cursor.sendNext(first!, 0), true);
  assert.equal(lane.cursor.sendNext(first!, 0), false);
  assert.equal(lane.cursor.sendNext(second!, 0), true);
  assert.deepEqual(lane.sent(), ["1", "2"]);
  assert.deepEqual([lane.cursor.next, lane.fixture.stream("positions").sent], [3, 2]);
});

Deno.test("next: not while a replay is owed, after a gap, or for a removal", () => {
  const replay = new Lane("positions");
  replay.append("a");
  replay.cursor.serveInOrder(0);
  replay.sent();
  replay.cursor.startSnapshot(1);
  replay.append("b");
  const gap = new Lane("positions");
  gap.append("a", { ends: "removed" });
  gap.cursor.serveInOrder(0);
  gap.append("b");
  const removal = new Lane("positions");
  removal.append("a", { ends: "removed" });
  for (const lane of [replay, gap, removal]) {
    const { next } = lane.cursor;
    assert.equal(lane.cursor.sendNext(lane.events().at(-1)!, 0), false);
    assert.deepEqual(lane.sent(), []);
    assert.equal(lane.cursor.next, next);
  }
});

Deno.test("replay: it is marked, takes no tokens, and does not move the cursor", () => {
  const lane = new Lane("positions", { rate: 3 });
  lane.append("abc");
  lane.cursor.serveInOrder(0);
  lane.sent();
  lane.cursor.startSnapshot(2);
  assert.equal(lane.cursor.serveReplay(), "current");
  assert.deepEqual(lane.sent(), ["r2", "r3"]);
  assert.equal(lane.cursor.next, 4);
  assert.equal(lane.cursor.replaying, false);
});

Deno.test("replay: it stops at the high-water mark on every lane, and goes on from there", () => {
  for (const channel of ["risk-alerts", "positions"] as const) {
    const lane = new Lane(channel);
    lane.append("abc", { fill: 40_000 }); // The second crosses the mark.
    lane.cursor.next = 4;
    lane.cursor.startSnapshot(10);
    assert.equal(lane.cursor.serveReplay(), "full");
    assert.deepEqual(lane.sent(), ["r1", "r2"]);
    lane.buffer(0);
    assert.equal(lane.cursor.serveReplay(), "current");
    assert.deepEqual(lane.sent(), ["r3"]);
  }
});

Deno.test("replay: what was skipped is told by the next live event, not by a replayed one", () => {
  const lane = new Lane("positions");
  lane.append("ab");
  lane.append("b", { ends: "removed" });
  lane.cursor.serveInOrder(0);
  lane.cursor.startSnapshot(10);
  lane.cursor.serveReplay();
  lane.append("c");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["1", "2", "r1", "4+1"]);
});

Deno.test("conflated: the latest state of each key, and each gap is told and counted", () => {
  const lane = new Lane("positions");
  lane.append("abacbad"); // Latest: c 4, b 5, a 6, d 7.
  assert.equal(lane.cursor.serveConflated(0, "rate_limit"), "current");
  assert.deepEqual(lane.sent(), ["4+3", "5", "6", "7"]);
  assert.equal(lane.reader.subscriber.eventsSkipped, 3);
  assert.deepEqual(lane.fixture.stream("positions").shed, {
    rate_limit: 3,
    slow_consumer: 0,
    ring_overrun: 0,
  });
});

Deno.test("conflated: the end of a closed position is delivered, that of a removed key is skipped", () => {
  const lane = new Lane("positions");
  lane.append("ab");
  lane.append("a", { ends: "closed" });
  lane.append("b", { ends: "removed" });
  lane.append("c");
  lane.cursor.serveConflated(0, "slow_consumer");
  assert.deepEqual(lane.sent(), ["3+2", "5+1"]);
  // Numbers 1 and 2 were superseded. The removal is in no one's way and counts as nobody's loss.
  assert.equal(lane.fixture.stream("positions").shed.slow_consumer, 2);
});

Deno.test("conflated: numbers above the last state are shed to the last one", () => {
  const lane = new Lane("positions");
  lane.append("aab"); // Latest: a 2, and b, whose end is too large to be remembered.
  lane.append("b", { ends: "closed", fill: MAX_TOMBSTONE_BYTES });
  assert.equal(lane.cursor.serveConflated(0, "rate_limit"), "current");
  assert.deepEqual(lane.sent(), ["2+1"]);
  assert.deepEqual([lane.cursor.next, lane.cursor.skipped], [5, 2]);
  assert.equal(lane.fixture.stream("positions").shed.rate_limit, 3);
  lane.append("c");
  lane.cursor.serveInOrder(0);
  assert.deepEqual(lane.sent(), ["5+2"]);
});

Deno.test("conflated: it stops where the tokens end, and what it leaves may be superseded meanwhile", () => {
  const lane = new Lane("market-data", { rate: 2 });
  lane.append("abcd");
  assert.equal(lane.cursor.serveConflated(0, "rate_limit"), "empty");
  assert.deepEqual(lane.sent(), ["1", "2"]);
  assert.equal(lane.cursor.next, 3);
  lane.append("c");
  assert.equal(lane.cursor.serveConflated(1_000, "rate_limit"), "current");
  assert.deepEqual(lane.sent(), ["4+1", "5"]);
});

Deno.test("conflated: it stops at the high-water mark, and takes no token for what did not fit", () => {
  const lane = new Lane("market-data", { rate: 2 });
  lane.append("ab");
  lane.buffer(HIGH_WATER_BYTES);
  assert.equal(lane.cursor.serveConflated(0, "slow_consumer"), "full");
  assert.equal(lane.cursor.next, 1);
  lane.buffer(0);
  assert.equal(lane.cursor.serveConflated(0, "slow_consumer"), "current");
  assert.deepEqual(lane.sent(), ["1", "2"]);
});

Deno.test("conflated: it reaches behind the ring", () => {
  const lane = new Lane("market-data", { ring: 2 });
  lane.append("abcaaaa"); // Latest: b 2, c 3, a 7.
  lane.cursor.serveConflated(0, "ring_overrun");
  assert.deepEqual(lane.sent(), ["2+1", "3", "7+3"]);
  assert.equal(lane.fixture.stream("market-data").shed.ring_overrun, 4);
});

Deno.test("an event may cross the high-water mark, but not the hard cap", () => {
  for (const serve of ["serveInOrder", "serveConflated"] as const) {
    const lane = new Lane("market-data");
    const go = () => lane.cursor[serve](0, "slow_consumer");
    lane.append("a", { fill: HIGH_WATER_BYTES });
    lane.buffer(HIGH_WATER_BYTES - 1);
    assert.equal(go(), "current");
    assert.deepEqual(lane.sent(), ["1"]);
    lane.append("a", { fill: HARD_CAP_BYTES - HIGH_WATER_BYTES });
    lane.buffer(HIGH_WATER_BYTES - 1);
    assert.equal(go(), "full");
    assert.deepEqual(lane.sent(), []);
  }
});

Deno.test("the hard cap holds for what an event tells of a gap, too", () => {
  const lane = new Lane("market-data");
  lane.append("a", { ends: "removed" });
  lane.append("a", { fill: HARD_CAP_BYTES - HIGH_WATER_BYTES });
  const { bytes } = lane.fixture.stream("market-data").log.get(2)!.v1;
  lane.buffer(HARD_CAP_BYTES - bytes); // It fits alone, but not with `,"skipped":"1"`.
  assert.equal(lane.cursor.serveInOrder(0), "full");
  lane.buffer(0);
  assert.equal(lane.cursor.serveInOrder(0), "current");
  assert.deepEqual(lane.sent(), ["2+1"]);
});

Deno.test("buffered bytes are counted exactly, also of frames that were spliced", () => {
  const lane = new Lane("positions");
  lane.append("é");
  lane.append("é", { ends: "removed" });
  lane.append("a");
  lane.cursor.serveInOrder(0);
  lane.cursor.startSnapshot(10);
  lane.cursor.serveReplay();
  assert.deepEqual(lane.sent(), ["1", "3+1", "r3"]);
  assert.equal(lane.reader.subscriber.buffered, lane.reader.socket.bufferedAmount);
});
