import assert from "node:assert/strict";
import {
  BodyQueue,
  MAX_ADMITTED_BYTES,
  MAX_WAIT_MILLIS,
} from "../../../actors/intake/body_queue.ts";
import { settle, TestClock } from "../../support/test_clock.ts";

const HALF = MAX_ADMITTED_BYTES / 2;

Deno.test("bodies beyond what may be under way wait in their order; other principals do not", async () => {
  const clock = new TestClock();
  const queue = new BodyQueue(clock);
  assert.equal(queue.enter("a", HALF), true);
  assert.equal(queue.enter("a", HALF), true);
  const got: string[] = [];
  const wait = (name: string, bytes: number) =>
    void Promise.resolve(queue.enter("a", bytes)).then((turn) => got.push(`${name} ${turn}`));
  wait("large", MAX_ADMITTED_BYTES);
  wait("small", 1);
  assert.equal(queue.enter("b", MAX_ADMITTED_BYTES), true);
  queue.leave("a", HALF);
  await settle();
  assert.deepEqual(got, [], "the small one does not overtake");
  queue.leave("a", HALF);
  await settle();
  assert.deepEqual(got, ["large true"]);
  queue.leave("a", MAX_ADMITTED_BYTES);
  await settle();
  assert.deepEqual(got, ["large true", "small true"]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("who waits for too long is refused, and what is behind it goes on", async () => {
  const clock = new TestClock();
  const queue = new BodyQueue(clock);
  queue.enter("a", HALF);
  const large = queue.enter("a", MAX_ADMITTED_BYTES);
  clock.advance(1);
  const small = queue.enter("a", HALF);
  clock.advance(MAX_WAIT_MILLIS - 1);
  assert.deepEqual(await Promise.all([large, small]), [false, true]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("what was left can be entered again", () => {
  const queue = new BodyQueue(new TestClock());
  for (let round = 0; round < 3; round++) {
    assert.equal(queue.enter("a", MAX_ADMITTED_BYTES), true);
    queue.leave("a", MAX_ADMITTED_BYTES);
  }
});
