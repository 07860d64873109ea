import assert from "node:assert/strict";
import type { RestoredChannel, StoredEvent } from "../../../actors/ports.ts";
import { openCursorV2 } from "../../../actors/stream/cursor_v2.ts";
import { RowFilter } from "../../../actors/stream/row_filter.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { EPOCH, short, storedEvent, StreamFixture } from "../../support/stream_fixture.ts";

/** Another sequence of a channel, whose events are all in the ring. */
function sequence(channel: Channel, keys: string, traders = ""): RestoredChannel {
  const events = [...keys].map((key, index): StoredEvent => {
    const trader = traders[index];
    const event = storedEvent(channel, index + 1, key, { fields: { traderId: trader } });
    return trader === undefined ? event : { ...event, trader };
  });
  const latest = new Map(events.map((event) => [event.key, event]));
  const states = [...latest.values()].sort((one, other) => one.seq - other.seq);
  return { epoch: "e2", seq: events.length, events, latest: states, horizon: 0 };
}

/** Snapshots and batches in short: their epoch or range, and the keys of their events. */
function shortV2(frames: readonly string[]): string[] {
  return frames.map((text) => {
    const { type, epoch, from, to, events } = JSON.parse(text);
    const keys = events.map(({ data }: { data: { id: string } }) => data.id).join("");
    return `${type === "snapshot" ? epoch : `${from}-${to}`} ${keys}`;
  });
}

Deno.test("v2 readers of every filter get the states of the new sequence, and what follows", () => {
  const fixture = new StreamFixture();
  const [all, again, picky] = [fixture.reader(), fixture.reader(), fixture.reader()];
  for (const reader of [all, again]) fixture.open(reader, "positions");
  fixture.open(picky, "positions", { filter: { traderIds: ["8"] } });
  fixture.publish("positions", ["a", "b", "c"], { fields: { traderId: "8" } });
  fixture.tick(100);
  for (const { socket } of [all, again, picky]) socket.take();
  fixture.fanout.restarted("positions", sequence("positions", "xy", "78"));
  fixture.tick(100);
  assert.deepEqual(shortV2(all.socket.take()), ["e2 xy"]);
  assert.deepEqual(shortV2(again.socket.take()), ["e2 xy"]);
  assert.deepEqual(shortV2(picky.socket.take()), ["e2 y"]);
  // The same numbers as before, of other events: no frame of the old sequence may be sent again.
  fixture.publish("positions", ["z"]);
  fixture.tick(100);
  assert.deepEqual(shortV2(all.socket.take()), ["3-3 z"]);
  assert.deepEqual(shortV2(again.socket.take()), ["3-3 z"]);
});

Deno.test("frames and snapshots that were made of the old sequence are not sent in the new one", () => {
  const fixture = new StreamFixture();
  const readers = [fixture.reader(), fixture.reader(), fixture.reader()];
  fixture.publish("market-data", ["a", "b"]);
  for (const reader of readers) fixture.open(reader, "market-data", { snapshot: true });
  const resumed = [fixture.reader(), fixture.reader()];
  for (const reader of resumed) {
    fixture.open(reader, "market-data", { since: { epoch: EPOCH, seq: 0 } });
    assert.deepEqual(shortV2(reader.socket.take()), ["1-2 ab"]);
  }
  for (const { socket } of readers) assert.deepEqual(shortV2(socket.take()), [`${EPOCH} ab`]);
  // The same numbers stand for other events.
  fixture.fanout.restarted("market-data", sequence("market-data", "xy"));
  fixture.tick(100);
  for (const { socket } of [...readers, ...resumed]) {
    assert.deepEqual(shortV2(socket.take()), ["e2 xy"]);
  }
  const late = fixture.reader();
  fixture.open(late, "market-data", { since: { epoch: "e2", seq: 0 } });
  assert.deepEqual(shortV2(late.socket.take()), ["1-2 xy"]);
});

Deno.test("who is limited to traders sees the rows of the new sequence alone", () => {
  const fixture = new StreamFixture();
  const limit = new RowFilter(new Set(["7"]), false);
  const reader = fixture.reader();
  fixture.fanout.open(reader.subscriber, openCursorV2, {
    channel: "positions",
    snapshot: false,
    intervalMs: 0,
    conflate: false,
    snapshotLimit: 50,
    limit,
  });
  fixture.publish("positions", ["a", "b"], { fields: { traderId: "7" } });
  fixture.tick(100);
  reader.socket.take();
  fixture.fanout.restarted("positions", sequence("positions", "xyz", "787"));
  fixture.tick(100);
  assert.deepEqual(shortV2(reader.socket.take()), ["e2 xz"]);
  const rows = fixture.readers("positions").rows(limit);
  assert.deepEqual(rows.replay(10, 3).map(({ stored }) => stored.key), ["x", "z"]);
});

Deno.test("a v1 reader that is ahead of a shorter sequence goes on at its head", () => {
  const fixture = new StreamFixture();
  const { socket, subscriber } = fixture.reader();
  fixture.join(subscriber, "risk-alerts", 0);
  fixture.publish("risk-alerts", ["a", "b", "c"]);
  assert.deepEqual(short(socket.take()), ["1", "2", "3"]);
  fixture.fanout.restarted("risk-alerts", sequence("risk-alerts", "x"));
  fixture.publish("risk-alerts", ["y"]);
  const frames = socket.take();
  assert.deepEqual(short(frames), ["2"]);
  assert.equal(JSON.parse(frames[0]!).meta.epoch, "e2");
});
