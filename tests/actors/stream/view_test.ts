import assert from "node:assert/strict";
import { EventFilter } from "../../../actors/stream/event_filter.ts";
import { MAX_FRAME_RANGE, type View } from "../../../actors/stream/view.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { shortBatches } from "../../support/batch_notation.ts";
import { storedEvent, StreamFixture } from "../../support/stream_fixture.ts";

/** A channel as so many readers see it. */
function view(
  channel: Channel,
  { users = 2, ring = 1_000, symbols, traderIds }: {
    users?: number;
    ring?: number;
    symbols?: readonly string[];
    traderIds?: readonly string[];
  } = {},
): { fixture: StreamFixture; view: View; append: (keys: string, fill?: number) => void } {
  const fixture = new StreamFixture(ring);
  const stream = fixture.stream(channel);
  const wanted = {
    ...(symbols && { symbols: [...symbols] }),
    ...(traderIds && { traderIds: [...traderIds] }),
  };
  const isFiltered = Object.keys(wanted).length > 0;
  const filter = isFiltered ? new EventFilter(wanted, stream.spec.filterFields) : undefined;
  const it = fixture.readers(channel).view(filter);
  it.users = users;
  const append = (keys: string, fill = 0) => {
    for (const key of keys) {
      fixture.append(channel, key, { fill, fields: { symbol: key, traderId: key } });
    }
  };
  return { fixture, view: it, append };
}

/** A removal of a key. */
function remove(fixture: StreamFixture, channel: Channel, key: string): void {
  fixture.append(channel, key, { ends: "removed" });
}

Deno.test("readers at the same place get the same object, in order, replayed and conflated", () => {
  const { view: it, append } = view("positions");
  append("abca");
  const live = it.inOrder(2, 4, false);
  assert.equal(it.inOrder(2, 4, false), live);
  const replayed = it.inOrder(2, 4, true);
  assert.equal(it.inOrder(2, 4, true), replayed);
  assert.notEqual(replayed, live);
  assert.equal(it.conflated(2, 4, false), it.conflated(2, 4, false));
  assert.deepEqual(shortBatches([live!.text, replayed!.text]), ["2-4: 2 3 4", "r2-4: 2 3 4"]);
});

Deno.test("what one reader alone would see again is not kept", () => {
  const { view: it, append } = view("positions", { users: 1 });
  append("ab");
  assert.notEqual(it.inOrder(1, 2, false), it.inOrder(1, 2, false));
  assert.notEqual(it.conflated(1, 2, false), it.conflated(1, 2, false));
  assert.notEqual(it.snapshot(50), it.snapshot(50));
});

Deno.test("a thousand readers of one tick cost one encoding", () => {
  const fixture = new StreamFixture();
  const readers = Array.from({ length: 1_000 }, () => fixture.reader());
  for (const reader of readers) fixture.open(reader, "market-data");
  // Whoever encodes an event reads its data: it is counted how often.
  let reads = 0;
  const event = storedEvent("market-data", 1, "a");
  fixture.stream("market-data").log.append(event);
  const logged = fixture.stream("market-data").log.get(1)!;
  Object.defineProperty(logged, "stored", { get: () => (reads += 1, event) });
  for (const { subscriber } of readers) fixture.fanout.start(subscriber, "market-data");
  for (const { socket } of readers) assert.deepEqual(shortBatches(socket.take()), ["1-1: 1"]);
  assert.equal(reads, 1);
});

Deno.test("a conflated frame is made anew once anything was published", () => {
  const { view: it, append } = view("market-data");
  append("ab");
  const before = it.conflated(1, 2, true);
  append("a");
  assert.deepEqual(shortBatches([before.text, it.conflated(1, 2, true).text]), [
    "r1-2: 1 2",
    "r1-2: 2 s1",
  ]);
});

Deno.test("a frame that was conflated for a replay is no live frame", () => {
  const { view: it, append } = view("market-data");
  append("ab");
  it.conflated(1, 2, true);
  assert.deepEqual(shortBatches([it.conflated(1, 2, false).text]), ["1-2: 1 2"]);
});

Deno.test("a snapshot is shared until something is published", () => {
  const { view: it, append } = view("positions");
  append("ab");
  const first = it.snapshot(50);
  assert.equal(it.snapshot(50), first);
  append("c");
  assert.notEqual(it.snapshot(50), first);
  assert.equal(it.snapshot(50).seq, 3);
});

Deno.test("a snapshot is filtered, without the ended, oldest first", () => {
  const { fixture, view: it, append } = view("positions", { symbols: ["a", "c", "d"] });
  append("abcda");
  remove(fixture, "positions", "d");
  assert.deepEqual(shortBatches([it.snapshot(50).part(0).text]), ["S6: 3 5"]);
});

Deno.test("the snapshot of risk-alerts is the latest of each id, at most so many, then filtered", () => {
  const { view: it, append } = view("risk-alerts", { users: 1, traderIds: ["a"] });
  append("abacbc");
  assert.deepEqual(shortBatches([it.snapshot(3).part(0).text]), ["S6: 3"]);
  assert.deepEqual(shortBatches([it.snapshot(2).part(0).text]), ["S6:"]);
});

Deno.test("the snapshot of system-warnings is its last events, at most so many", () => {
  const { view: it, append } = view("system-warnings");
  append("aaaaa");
  assert.deepEqual(shortBatches([it.snapshot(2).part(0).text]), ["S5: 4 5"]);
});

Deno.test("a snapshot of nothing is one part that says so", () => {
  assert.deepEqual(shortBatches([view("positions").view.snapshot(50).part(0).text]), ["S0:"]);
});

Deno.test("in order: nothing when the first event is gone, all that is there when a later one is not", () => {
  const { view: it, append } = view("market-data", { ring: 3 });
  append("abcde");
  assert.equal(it.inOrder(2, 5, false), undefined);
  assert.deepEqual(shortBatches([it.inOrder(3, 5, false)!.text]), ["3-5: 3 4 5"]);
});

Deno.test("a frame accounts for at most so many numbers, in order and conflated", () => {
  const { view: it, append } = view("market-data", { ring: 100_000, symbols: ["a"] });
  append("b".repeat(MAX_FRAME_RANGE));
  append("a");
  const head = MAX_FRAME_RANGE + 1;
  for (const first of [it.inOrder(1, head, false)!, it.conflated(1, head, false)]) {
    assert.deepEqual([first.from, first.to, first.count], [1, MAX_FRAME_RANGE, 0]);
  }
  const second = it.conflated(head, head, false);
  assert.deepEqual(shortBatches([second.text]), [`${head}-${head}: ${head}`]);
});

Deno.test("conflated: a frame that is full ends before the next state, and counts up to there", () => {
  const { view: it, append } = view("market-data");
  append("aab", 40_000);
  append("acc", 10);
  append("b", 40_000); // Latest: a 4, c 6, b 7.
  append("dd", 30_000); // d 9
  const frames = [it.conflated(1, 9, false)];
  frames.push(it.conflated(frames[0]!.to + 1, 9, false));
  assert.deepEqual(shortBatches(frames.map(({ text }) => text)), ["1-8: 4 6 7 s5", "9-9: 9"]);
});

Deno.test("conflated: what is skipped or filtered sums up, wherever the ring's edge runs", () => {
  const published = "abcbaacbdabca";
  for (let ring = 1; ring <= published.length; ring++) {
    const { view: it, append } = view("market-data", { ring, symbols: ["a", "d"] });
    append(published);
    const frame = JSON.parse(it.conflated(1, published.length, false).text);
    const known = published.slice(-ring);
    assert.equal(frame.filtered, [...known].filter((key) => "bc".includes(key)).length);
    assert.deepEqual(frame.events.map(({ seq }: { seq: number }) => seq), [9, 13]);
    assert.equal(frame.skipped + frame.filtered, published.length - 2);
  }
});

Deno.test("the size of a frame is told in bytes", () => {
  const { fixture, view: it } = view("positions");
  fixture.append("positions", "ü€😀");
  const { text, bytes } = it.inOrder(1, 1, false)!;
  assert.equal(bytes, new TextEncoder().encode(text).length);
  assert.ok(bytes > text.length);
});

Deno.test("filters that admit the same see through the same view, until nobody does", () => {
  const readers = new StreamFixture().readers("market-data");
  const of = (...symbols: string[]) =>
    readers.view(new EventFilter({ symbols }, readers.stream.spec.filterFields));
  const one = of("A", "B");
  assert.equal(of("b", "a"), one);
  assert.notEqual(of("A"), one);
  one.users = 1;
  readers.releaseView(one);
  assert.equal(of("A", "B"), one, "it is still used");
  one.users = 0;
  readers.releaseView(one);
  const next = of("A", "B");
  assert.notEqual(next, one);
  readers.releaseView(one);
  assert.equal(of("A", "B"), next, "giving back twice takes nothing from others");
});
