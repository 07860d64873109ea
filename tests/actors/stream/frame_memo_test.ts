import assert from "node:assert/strict";
import { type EventsFrame, FrameMemo, MAX_MEMO_BYTES } from "../../../actors/stream/frame_memo.ts";

const batch = (from: number, to: number, bytes = 10): EventsFrame => ({
  text: "",
  bytes,
  from,
  to,
  count: 0,
  skipped: 0,
});

Deno.test("the same question gets the same object", () => {
  const memo = new FrameMemo();
  const frame = memo.put(batch(1, 5), 5, 0);
  assert.equal(memo.get(1, 5, 0), frame);
  assert.equal(memo.get(2, 5, 0), undefined);
  assert.equal(memo.get(1, 5, 1), undefined);
});

Deno.test("a frame that reached its end is no answer once there is more, or less", () => {
  const memo = new FrameMemo();
  memo.put(batch(1, 5), 5, 0);
  assert.equal(memo.get(1, 6, 0), undefined);
  assert.equal(memo.get(1, 4, 0), undefined);
});

Deno.test("a frame that ended for its size is the answer wherever the end is, if it fits", () => {
  const memo = new FrameMemo();
  const frame = memo.put(batch(1, 5), 9, 0);
  assert.equal(memo.get(1, 9, 0), frame);
  assert.equal(memo.get(1, 50, 0), frame);
  assert.equal(memo.get(1, 5, 0), frame);
  assert.equal(memo.get(1, 4, 0), undefined);
});

Deno.test("a new frame takes the place of the old one at its number", () => {
  const memo = new FrameMemo();
  memo.put(batch(1, 5), 5, 0);
  const frame = memo.put(batch(1, 6), 6, 0);
  assert.equal(memo.get(1, 6, 0), frame);
  assert.equal(memo.get(1, 5, 0), undefined);
});

Deno.test("it forgets all before it holds more than its bytes", () => {
  const memo = new FrameMemo();
  const third = MAX_MEMO_BYTES / 3;
  for (const from of [1, 2, 3]) memo.put(batch(from, from, Math.floor(third)), from, 0);
  assert.deepEqual([1, 2, 3].map((from) => memo.get(from, from, 0) !== undefined), [
    true,
    true,
    true,
  ]);
  memo.put(batch(4, 4, 10), 4, 0);
  assert.deepEqual([1, 2, 3, 4].map((from) => memo.get(from, from, 0)?.from), [
    undefined,
    undefined,
    undefined,
    4,
  ]);
});

Deno.test("what is replaced is not counted twice", () => {
  const memo = new FrameMemo();
  memo.put(batch(1, 1), 1, 0);
  for (let times = 0; times < 10; times++) memo.put(batch(2, 2, MAX_MEMO_BYTES / 4), 2, 0);
  assert.notEqual(memo.get(1, 1, 0), undefined);
});
