import assert from "node:assert/strict";
import { PAGE_EVENTS } from "../../../actors/stream/backlog.ts";
import { MAX_ROWS_PER_TICK } from "../../../actors/stream/backlog_reader.ts";
import { batchesOf } from "../../support/batch_notation.ts";
import { EventArchive } from "../../support/event_archive.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import { EPOCH, FLUSH, type Reader, short, StreamFixture } from "../../support/stream_fixture.ts";
import { settle } from "../../support/test_clock.ts";
import { repeat } from "./fanout_readers.ts";

/** Alerts in a store, of which a ring holds the last four. */
class Past {
  readonly store = new EventArchive();
  readonly fixture = new StreamFixture(4, { store: this.store });

  constructor(events: number) {
    this.fixture.publish("risk-alerts", repeat("a", events));
  }

  /** A v2 reader that goes on after a number. */
  resume(seq: number): Reader {
    const reader = this.fixture.reader();
    reader.socket.readsAtOnce = true;
    const start = this.fixture.open(reader, "risk-alerts", { since: { epoch: EPOCH, seq } });
    assert.equal(start.recovered, true);
    return reader;
  }

  async tick(): Promise<void> {
    this.fixture.tick(FLUSH);
    await settle();
    this.fixture.clock.turns();
  }
}

Deno.test("a reader gets what left the ring from the store, then what is in the ring, then live", async () => {
  const past = new Past(20);
  const reader = past.resume(5);
  assert.deepEqual(batchesOf(reader), []);
  await past.tick();
  past.fixture.publish("risk-alerts", ["a"]);
  const numbers = Array.from({ length: 15 }, (_, index) => 6 + index).join(" ");
  assert.deepEqual(batchesOf(reader), [`r6-20: ${numbers}`, "21-21: 21"]);
  assert.deepEqual(reader.calls, []);
});

Deno.test("a v1 reader that fell out of the ring is served from the store, too", async () => {
  const past = new Past(0);
  const reader = past.fixture.reader();
  past.fixture.join(reader.subscriber, "risk-alerts", 0);
  past.fixture.publish("risk-alerts", repeat("a", 10));
  assert.deepEqual(reader.calls, []);
  await past.tick();
  assert.deepEqual(short(reader.socket.take()), "1 2 3 4 5 6 7 8 9 10".split(" "));
});

Deno.test("a connection reads at most a page a tick", async () => {
  const past = new Past(PAGE_EVENTS * 2 + 100);
  const reader = past.resume(100);
  await past.tick();
  assert.deepEqual(past.store.take(), [`101-${PAGE_EVENTS}`]);
  await past.tick();
  assert.deepEqual(past.store.take(), [`${PAGE_EVENTS + 1}-${PAGE_EVENTS * 2}`]);
  await past.tick();
  assert.deepEqual(past.store.take(), [`${PAGE_EVENTS * 2 + 1}-${PAGE_EVENTS * 3}`]);
  await past.tick();
  assert.deepEqual(past.store.take(), []);
  assert.equal(past.fixture.batches(reader, "risk-alerts").lag, 0);
});

Deno.test("all connections together read at most 2,000 rows a tick, and none is passed over", async () => {
  const readers = 20;
  const past = new Past(PAGE_EVENTS * readers + 10);
  const all = Array.from({ length: readers }, (_, index) => past.resume(PAGE_EVENTS * index));
  const perTick = Math.floor(MAX_ROWS_PER_TICK / PAGE_EVENTS);
  const served = () => all.filter(({ subscriber }) => subscriber.eventsSent > 0).length;
  for (const expected of [perTick, perTick * 2, readers]) {
    await past.tick();
    assert.ok(past.store.take().length <= perTick);
    assert.equal(served(), expected);
  }
});

Deno.test("readers of the same page share one reading", async () => {
  const past = new Past(50);
  const readers = [3, 7, 7, 20].map((seq) => past.resume(seq));
  await past.tick();
  assert.deepEqual(past.store.take(), [`4-${PAGE_EVENTS}`]);
  for (const { subscriber } of readers) assert.ok(subscriber.eventsSent > 0);
});

Deno.test("who waits for an earlier part of a page that was read has it read again", async () => {
  const past = new Past(50);
  const [late, early] = [past.resume(20), past.resume(3)];
  await past.tick();
  assert.deepEqual(past.store.take(), [`21-${PAGE_EVENTS}`, `4-${PAGE_EVENTS}`]);
  assert.deepEqual([late, early].map(({ subscriber }) => subscriber.eventsSent), [30, 47]);
});

Deno.test("a store that fails is asked again at the next tick, and nothing is lost", async () => {
  const past = new Past(10);
  const reader = past.resume(2);
  past.store.failing = true;
  await past.tick();
  await past.tick();
  assert.equal(past.store.take().length, 2);
  past.store.failing = false;
  await past.tick();
  assert.deepEqual(batchesOf(reader), ["r3-10: 3 4 5 6 7 8 9 10"]);
  assert.deepEqual(reader.calls, []);
});

Deno.test("who comes to a damaged event gets all before it, and is closed instead of waiting for ever", async () => {
  const past = new Past(10);
  const reader = past.resume(2);
  past.store.damaged = 5;
  await past.tick();
  await past.tick();
  assert.deepEqual(batchesOf(reader), ["r3-4: 3 4"]);
  assert.deepEqual(reader.calls, ["tooSlow"]);
});

Deno.test("a store that takes its time is not asked a second time meanwhile", async () => {
  const past = new Past(10);
  const reader = past.resume(2);
  past.store.hold();
  for (let ticks = 0; ticks < 3; ticks++) await past.tick();
  assert.equal(past.store.take().length, 1);
  past.store.release();
  await settle();
  past.fixture.clock.turns();
  assert.equal(reader.subscriber.eventsSent, 8);
});

Deno.test("many readers that waited for the same page are served in slices", async () => {
  const past = new Past(200);
  const { clock } = past.fixture;
  const frames: number[] = [];
  for (let index = 0; index < 60; index++) {
    const socket = new FakeSocket(() => {
      frames.push(index);
      clock.spend(0.5);
    });
    past.fixture.open(past.fixture.reader({ socket }), "risk-alerts", {
      since: { epoch: EPOCH, seq: 100 },
    });
  }
  past.fixture.tick(FLUSH);
  await settle();
  assert.equal(frames.length, 0);
  while (clock.waiting > 0) {
    const before = frames.length;
    clock.turn();
    assert.ok(frames.length - before <= 20, `${frames.length - before} frames in one slice`);
  }
  assert.equal(new Set(frames).size, 60);
});

Deno.test("who waits while retention passes its place is too slow", async () => {
  const past = new Past(10);
  const reader = past.resume(2);
  past.store.forget("risk-alerts", 3);
  await past.tick();
  assert.deepEqual([reader.calls, batchesOf(reader)], [["tooSlow"], []]);
});

Deno.test("a reader that leaves while it waits is forgotten, whatever the store answers", async () => {
  for (const leaves of ["before", "meanwhile"] as const) {
    const past = new Past(10);
    const reader = past.resume(2);
    past.store.forget("risk-alerts", 3);
    past.store.hold();
    if (leaves === "meanwhile") await past.tick();
    past.fixture.fanout.unsubscribe(reader.subscriber, "risk-alerts");
    if (leaves === "before") await past.tick();
    past.store.release();
    await past.tick();
    assert.deepEqual([reader.calls, batchesOf(reader)], [[], []], leaves);
    assert.equal(past.store.take().length, leaves === "before" ? 0 : 1);
  }
});

Deno.test("a reader that begins anew with a snapshot while it waits is not too slow", async () => {
  for (const begins of ["before", "meanwhile"] as const) {
    const past = new Past(10);
    const reader = past.resume(2);
    past.store.forget("risk-alerts", 3);
    past.store.hold();
    if (begins === "meanwhile") await past.tick();
    past.fixture.open(reader, "risk-alerts", { snapshot: true });
    if (begins === "before") await past.tick();
    past.store.release();
    await past.tick();
    past.fixture.publish("risk-alerts", ["a"]);
    assert.deepEqual(batchesOf(reader), ["S10: 10", "11-11: 11"], begins);
    assert.deepEqual(reader.calls, [], begins);
  }
});

Deno.test("what is read while live events go on joins them without a hole", async () => {
  const past = new Past(10);
  const reader = past.resume(2);
  past.store.hold();
  await past.tick();
  past.fixture.publish("risk-alerts", repeat("a", 6)); // The ring is past 11 and 12 by now.
  past.store.release();
  await settle();
  await past.tick();
  assert.deepEqual(batchesOf(reader), ["r3-10: 3 4 5 6 7 8 9 10", "11-16: 11 12 13 14 15 16"]);
});
