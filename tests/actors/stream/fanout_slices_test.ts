import assert from "node:assert/strict";
import { SLICE_MILLIS } from "../../../actors/stream/fanout.ts";
import { PARKED_POLL_MILLIS } from "../../../actors/stream/delivery.ts";
import { HARD_CAP_BYTES, HIGH_WATER_BYTES } from "../../../actors/stream/subscriber.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import { fillBuffer, short, StreamFixture } from "../../support/stream_fixture.ts";
import { join, repeat, TICK } from "./fanout_readers.ts";

interface Crowd {
  readonly fixture: StreamFixture;
  /** Every frame in the order of sending: its channel and the index of its reader. */
  readonly log: { readonly channel: Channel; readonly index: number; readonly at: number }[];
}

/** So many readers of alerts and market data; sending a frame takes half a millisecond. */
function crowd(size: number): Crowd {
  const fixture = new StreamFixture();
  const log: Crowd["log"] = [];
  for (let index = 0; index < size; index++) {
    const socket = new FakeSocket((frame) => {
      log.push({ channel: JSON.parse(frame).channel, index, at: fixture.clock.now() });
      fixture.clock.spend(0.5);
    });
    join(fixture, ["risk-alerts", "market-data"], { socket });
  }
  return { fixture, log };
}

/** The longest a slice may take: its budget, and the frames between two looks at the clock. */
const SLICE_FRAMES = SLICE_MILLIS / 0.5 + 16;

Deno.test("a pass over many readers is split into slices of about 2 ms", () => {
  const { fixture, log } = crowd(200);
  fixture.append("market-data", "BTC");
  let slices = 0;
  for (; fixture.clock.waiting > 0; slices++) {
    const before = log.length;
    fixture.clock.turn();
    assert.ok(log.length - before <= SLICE_FRAMES, `${log.length - before} frames in one slice`);
  }
  assert.ok(slices >= 200 / SLICE_FRAMES);
  assert.deepEqual(log.map(({ index }) => index).sort((a, b) => a - b), [...Array(200).keys()]);
});

Deno.test("alerts that come in between two slices overtake the market data that is left", () => {
  const { fixture, log } = crowd(100);
  fixture.append("market-data", "BTC");
  fixture.clock.turn();
  const begun = log.length;
  assert.ok(begun > 0 && begun < 100);
  fixture.append("risk-alerts", "a");
  fixture.clock.turns();
  const channels = log.map(({ channel }) => channel);
  assert.deepEqual(channels.slice(0, begun), repeat("market-data", begun));
  assert.deepEqual(channels.slice(begun, begun + 100), repeat("risk-alerts", 100));
  assert.deepEqual(channels.slice(begun + 100), repeat("market-data", 100 - begun));
});

Deno.test("an event that comes in between two slices of its own channel reaches everyone in order", () => {
  const { fixture } = crowd(60);
  const readers = fixture.readers("market-data").group(0).cursors.map(({ subscriber }) =>
    subscriber.socket
  );
  fixture.append("market-data", "BTC");
  fixture.clock.turn();
  fixture.append("market-data", "ETH");
  fixture.clock.turns();
  for (const socket of readers) {
    assert.deepEqual(short((socket as FakeSocket).frames), ["1", "2"]);
  }
});

Deno.test("who leaves between two slices does not cost anyone else an event", () => {
  for (const gone of [0, 5, 30, 59]) {
    const { fixture } = crowd(60);
    const subscribers = fixture.readers("market-data").group(0).cursors.map(({ subscriber }) =>
      subscriber
    );
    fixture.append("market-data", "BTC");
    fixture.clock.turn();
    fixture.fanout.remove(subscribers[gone]!);
    fixture.clock.turns();
    subscribers.forEach(({ socket }, index) => {
      if (index !== gone) assert.deepEqual(short((socket as FakeSocket).frames), ["1"]);
    });
  }
});

Deno.test("looking again at many held readers does not delay alerts by more than a slice", () => {
  const { fixture, log } = crowd(60);
  const readers = fixture.readers("market-data").group(0).cursors.map(({ subscriber }) => ({
    subscriber,
    socket: subscriber.socket as FakeSocket,
  }));
  for (const reader of readers) fillBuffer(reader, HIGH_WATER_BYTES);
  fixture.publish("market-data", ["BTC"]);
  assert.equal(fixture.fanout.held, 60);
  for (const { socket } of readers) socket.drain();
  fixture.clock.advance(TICK);
  fixture.clock.turn();
  const begun = log.length;
  assert.ok(begun > 0 && begun <= SLICE_FRAMES, `${begun} frames in one slice`);
  fixture.append("risk-alerts", "a");
  fixture.clock.turns();
  const channels = log.map(({ channel }) => channel);
  assert.deepEqual(channels.slice(begun, begun + 60), repeat("risk-alerts", 60));
  assert.equal(log.length, 120);
});

Deno.test("readers that get nothing, as their filters exclude all, are served in slices as well", () => {
  const fixture = new StreamFixture();
  const readers = Array.from({ length: 200 }, (_, index) => {
    const reader = fixture.reader();
    fixture.open(reader, "market-data", { filter: { symbols: [`S${index}`] } });
    return reader;
  });
  fixture.append("market-data", "BTC", { fields: { symbol: "BTC" } });
  // Looking at an event takes half a millisecond.
  let looks = 0;
  Object.defineProperty(fixture.stream("market-data").log.get(1), "attributes", {
    get: () => {
      looks += 1;
      fixture.clock.spend(0.5);
      return { symbol: "BTC" };
    },
  });
  while (fixture.clock.waiting > 0) {
    const before = looks;
    fixture.clock.turn();
    assert.ok(looks - before <= SLICE_FRAMES, `${looks - before} readers in one slice`);
  }
  assert.equal(looks, 200);
  assert.equal(readers.flatMap(({ socket }) => socket.frames).length, 0);
});

Deno.test("an alert that comes in the middle of a pass goes first to those who have been reached", () => {
  const { fixture, log } = crowd(100);
  fixture.append("risk-alerts", "a");
  fixture.clock.turn();
  const begun = log.length;
  assert.ok(begun > 0 && begun < 100);
  fixture.append("risk-alerts", "b");
  fixture.clock.turns();
  const indexes = log.map(({ index }) => index);
  const first = [...Array(begun).keys()];
  assert.deepEqual(indexes.slice(0, begun * 2), [...first, ...first]);
  assert.equal(log.length, 200);
  for (const { subscriber } of fixture.readers("risk-alerts").group(0).cursors) {
    assert.deepEqual(short((subscriber.socket as FakeSocket).frames), ["1", "2"]);
  }
});

Deno.test("a reader whose buffer has room again is sent alerts before readers that have not been reached", () => {
  const { fixture, log } = crowd(100);
  const { cursors } = fixture.readers("risk-alerts").group(0);
  const first = cursors[0]!.subscriber;
  const socket = first.socket as FakeSocket;
  fillBuffer({ socket, subscriber: first }, HARD_CAP_BYTES);
  fixture.append("risk-alerts", "a");
  fixture.clock.turn();
  const begun = log.length;
  assert.ok(begun > 0 && begun < 100 && !log.some(({ index }) => index === 0));
  socket.drain();
  fixture.clock.advance(PARKED_POLL_MILLIS);
  fixture.clock.turns();
  assert.equal(log[begun]!.index, 0);
  assert.equal(log.length, 100);
});

Deno.test("alerts go first to clients that have spoken, wherever they stand", () => {
  const { fixture, log } = crowd(100);
  const { cursors } = fixture.readers("risk-alerts").group(0);
  const last = cursors[99]!.subscriber;
  fixture.fanout.heard(last, fixture.clock.now());
  fixture.append("risk-alerts", "a");
  fixture.clock.turns();
  assert.equal(log[0]!.index, 99);
  assert.deepEqual(log.map(({ index }) => index).sort((a, b) => a - b), [...Array(100).keys()]);
});
