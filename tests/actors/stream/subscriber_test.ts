import assert from "node:assert/strict";
import { HARD_CAP_BYTES, LOW_WATER_BYTES, Subscriber } from "../../../actors/stream/subscriber.ts";
import { TokenBucket } from "../../../actors/stream/token_bucket.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import { fillBuffer } from "../../support/stream_fixture.ts";

function subscriber(now = 0, rate = 0): { socket: FakeSocket; subscriber: Subscriber } {
  const socket = new FakeSocket();
  const control = { throttled: () => {}, recovered: () => {}, tooSlow: () => {} };
  return { socket, subscriber: new Subscriber(socket, new TokenBucket(rate, now), control, now) };
}

Deno.test("what is sent goes to the socket and counts as buffered until the next look", () => {
  const { socket, subscriber: it } = subscriber();
  it.send("é", 2);
  it.send("abc", 3);
  assert.deepEqual(socket.frames, ["é", "abc"]);
  assert.equal(it.buffered, 5);
});

Deno.test("an event is sent at once where nothing stands in the way, and counts as any other", () => {
  const { socket, subscriber: it } = subscriber();
  assert.equal(it.sendAtOnce("abc", 3, 0), true);
  assert.deepEqual(socket.frames, ["abc"]);
  assert.deepEqual([it.buffered, it.eventsSent], [3, 1]);
});

Deno.test("no event is sent at once while throttled, up to the low-water mark, without a token, or when it fails", () => {
  const cases: Readonly<Record<string, (it: Subscriber, socket: FakeSocket) => void>> = {
    throttled: (it) => it.throttle = "rate_limit",
    "buffer at the mark": (it) => it.buffered = LOW_WATER_BYTES - 3,
    "no token": (it) => assert.equal(it.bucket.take(0), true),
    "a socket that fails": (_it, socket) => socket.close(1000, ""),
  };
  for (const [name, prepare] of Object.entries(cases)) {
    const { socket, subscriber: it } = subscriber(0, 1);
    prepare(it, socket);
    const { buffered } = it;
    assert.equal(it.sendAtOnce("abc", 3, 0), false, name);
    assert.deepEqual(socket.frames, [], name);
    assert.deepEqual([it.buffered, it.eventsSent], [buffered, 0], name);
  }
});

Deno.test("an event that is sent at once takes one token", () => {
  const { subscriber: it } = subscriber(0, 2);
  assert.deepEqual([1, 2, 3].map(() => it.sendAtOnce("abc", 3, 0)), [true, true, false]);
  assert.equal(it.sendAtOnce("abc", 3, 500), true);
});

Deno.test("a frame fits as long as the buffer stays at the hard cap or below", () => {
  const { socket, subscriber: it } = subscriber();
  assert.equal(it.fits(HARD_CAP_BYTES), true);
  assert.equal(it.fits(HARD_CAP_BYTES + 1), false);
  fillBuffer({ socket, subscriber: it }, HARD_CAP_BYTES - 10);
  assert.equal(it.fits(10), true);
  assert.equal(it.fits(11), false);
});

Deno.test("the buffer is read for a frame only where what was sent since passes the low-water mark", () => {
  const { socket, subscriber: it } = subscriber();
  const reads = socket.reads;
  for (let sent = 0; sent + 1_024 <= LOW_WATER_BYTES; sent += 1_024) {
    assert.equal(it.fits(1_024), true);
    it.send("x".repeat(1_024), 1_024);
  }
  assert.equal(socket.reads, reads);
  assert.equal(it.fits(1_024), true);
  assert.equal(socket.reads, reads + 1);
  socket.drain();
  assert.equal(it.fits(1_024), true);
  assert.equal(it.buffered, 0);
});

Deno.test("a peer is held up no longer once its buffer is seen under the low-water mark, by whomever", () => {
  const looks: readonly ((it: Subscriber) => void)[] = [
    (it) => it.readBuffer(),
    (it) => it.fits(1),
    (it) => it.stalledFor(1_000, 1_000),
  ];
  for (const look of looks) {
    for (const left of [LOW_WATER_BYTES - 1, LOW_WATER_BYTES]) {
      const { socket, subscriber: it } = subscriber();
      fillBuffer({ socket, subscriber: it }, LOW_WATER_BYTES + 1);
      it.parkedAt = 500;
      socket.bufferedAmount = left;
      look(it);
      assert.equal(it.parkedAt, left < LOW_WATER_BYTES ? undefined : 500);
    }
  }
});

Deno.test("a peer for which nothing waits is not stalled, however long that lasts", () => {
  const { subscriber: it } = subscriber(1_000);
  assert.equal(it.stalledFor(1_000_000, 0), 0);
});

Deno.test("a peer that takes nothing of what waits is stalled since the last look that saw it empty", () => {
  const { subscriber: it } = subscriber();
  assert.equal(it.stalledFor(500, 0), 0);
  it.send("x".repeat(100), 100);
  assert.equal(it.stalledFor(700, 0), 200);
  assert.equal(it.stalledFor(5_500, 0), 5_000);
});

Deno.test("a single byte taken is progress, also when more is added than taken", () => {
  const { socket, subscriber: it } = subscriber();
  it.send("x".repeat(100), 100);
  assert.equal(it.stalledFor(1_000, 0), 1_000);
  socket.drain(1);
  it.send("x".repeat(50), 50); // The buffer grew from 100 to 149, and yet the peer reads.
  assert.equal(it.stalledFor(2_000, 0), 0);
  assert.equal(it.stalledFor(2_600, 0), 600);
});

Deno.test("a peer that was seen to read is trusted for a while, and looked at again after it", () => {
  const { socket, subscriber: it } = subscriber();
  it.send("x", 1);
  assert.equal(it.stalledFor(999, 1_000), 999);
  socket.drain();
  assert.equal(it.stalledFor(999, 1_000), 999); // No look: it is the time since the last one.
  assert.equal(it.stalledFor(1_000, 1_000), 0);
});

Deno.test("new frames for a peer that takes nothing do not hide that it is stalled", () => {
  const { subscriber: it } = subscriber();
  it.send("x", 1);
  for (let now = 1_000; now <= 10_000; now += 1_000) {
    it.send("x", 1);
    assert.equal(it.stalledFor(now, 0), now);
  }
});
