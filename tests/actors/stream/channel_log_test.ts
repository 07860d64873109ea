import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ChannelLog } from "../../../actors/stream/channel_log.ts";
import { encodeEventV1 } from "../../../protocol/v1/event_frame.ts";
import { EPOCH, storedEvent } from "../../support/stream_fixture.ts";

/** Runs against the naive model; `FAST_CHECK_RUNS` in the environment asks for another number. */
const RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 100);

const event = (seq: number, fill = 0) => storedEvent("market-data", seq, "BTC", { fill });

/** What an event weighs: its JSON and its frame, which has no character outside ASCII here. */
function weigh(seq: number, fill: number): number {
  const stored = event(seq, fill);
  return stored.data.length + Buffer.byteLength(encodeEventV1(stored, EPOCH).text);
}

Deno.test("a new log is empty, and begins after the head that it is given", () => {
  const log = new ChannelLog(EPOCH, 41, 4);
  assert.deepEqual([log.head, log.oldest, log.size, log.bytes], [41, 42, 0, 0]);
  assert.equal(log.get(41), undefined);
  assert.equal(log.get(42), undefined);
  log.append(event(42));
  assert.deepEqual([log.head, log.oldest, log.size], [42, 42, 1]);
});

Deno.test("an appended event comes back with its number, its stored form and its frame", () => {
  const log = new ChannelLog(EPOCH, 0, 4);
  const stored = event(1);
  const logged = log.append(stored);
  assert.equal(log.get(1), logged);
  assert.equal(logged.seq, 1);
  assert.equal(logged.stored, stored);
  assert.deepEqual(logged.v1, encodeEventV1(stored, EPOCH));
});

Deno.test("a hole, a repeat and a step back are refused, and change nothing", () => {
  const log = new ChannelLog(EPOCH, 10, 4);
  log.append(event(11));
  for (const seq of [13, 11, 10, 0]) {
    assert.throws(() => log.append(event(seq)), RangeError);
  }
  assert.deepEqual([log.head, log.oldest, log.size], [11, 11, 1]);
  assert.equal(log.append(event(12)).seq, 12);
});

Deno.test("a full log evicts the oldest event for the newest", () => {
  const log = new ChannelLog(EPOCH, 0, 3);
  for (let seq = 1; seq <= 5; seq++) log.append(event(seq));
  assert.deepEqual([log.oldest, log.head, log.size], [3, 5, 3]);
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((seq) => log.get(seq)?.seq), [
    ...[undefined, undefined, 3, 4, 5, undefined],
  ]);
});

Deno.test("a log of one event holds the newest", () => {
  const log = new ChannelLog(EPOCH, 0, 1);
  log.append(event(1));
  log.append(event(2));
  assert.equal(log.get(1), undefined);
  assert.equal(log.get(2)?.seq, 2);
  assert.equal(log.bytes, weigh(2, 0));
});

Deno.test("events are evicted by bytes until the rest fits", () => {
  const small = weigh(1, 0); // Numbers of one digit all weigh the same.
  const log = new ChannelLog(EPOCH, 0, 100, small * 3);
  for (let seq = 1; seq <= 3; seq++) log.append(event(seq));
  assert.deepEqual([log.oldest, log.bytes], [1, small * 3]);
  log.append(event(4));
  assert.deepEqual([log.oldest, log.bytes], [2, small * 3]);
  // One that weighs two characters more than two others, in data and in its frame.
  log.append(event(5, small));
  assert.equal(log.oldest, 5);
});

Deno.test("the newest event stays even when it alone is too heavy", () => {
  const log = new ChannelLog(EPOCH, 0, 100, 10);
  log.append(event(1));
  assert.equal(log.get(1)?.seq, 1);
  log.append(event(2));
  assert.deepEqual([log.oldest, log.size], [2, 1]);
});

Deno.test("a removal has no frame and weighs its JSON alone", () => {
  const log = new ChannelLog(EPOCH, 0, 4);
  const removal = storedEvent("positions", 1, "p", { ends: "removed" });
  log.append(removal);
  assert.equal(log.bytes, removal.data.length);
});

Deno.test("property: it holds what an array that is trimmed from the front holds", () => {
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 4_000 }),
      fc.array(fc.nat(600), { maxLength: 40, size: "max" }),
      (start, capacity, maxBytes, fills) => {
        const log = new ChannelLog(EPOCH, start, capacity, maxBytes);
        let model: { seq: number; bytes: number }[] = [];
        for (const [index, fill] of fills.entries()) {
          const seq = start + index + 1;
          log.append(event(seq, fill));
          model.push({ seq, bytes: weigh(seq, fill) });
          const total = () => model.reduce((sum, { bytes }) => sum + bytes, 0);
          while (model.length > capacity || (model.length > 1 && total() > maxBytes)) {
            model = model.slice(1);
          }
          assert.equal(log.head, seq);
          assert.equal(log.oldest, model[0]!.seq);
          assert.equal(log.size, model.length);
          assert.equal(log.bytes, total());
          for (let probe = start; probe <= seq + 1; probe++) {
            const held = model.some((entry) => entry.seq === probe);
            assert.equal(log.get(probe)?.seq, held ? probe : undefined);
          }
        }
      },
    ),
    { numRuns: RUNS },
  );
});
