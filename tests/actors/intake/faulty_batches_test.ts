import assert from "node:assert/strict";
import {
  FAULT_PAUSE_MILLIS,
  FAULT_WINDOW_MILLIS,
  FaultyBatches,
  MAX_FAULTY_BYTES,
  UNCOUNTED_BYTES,
} from "../../../actors/intake/faulty_batches.ts";
import { TestClock } from "../../support/test_clock.ts";

const HALF = MAX_FAULTY_BYTES / 2;

Deno.test("more than 1 MiB of faulty batches within a second pauses a principal for a second", () => {
  const clock = new TestClock();
  const faulty = new FaultyBatches(clock);
  assert.equal(faulty.add("a", HALF), false);
  assert.equal(faulty.add("a", HALF), false);
  assert.equal(faulty.isPaused("a"), false);
  assert.equal(faulty.add("a", UNCOUNTED_BYTES + 1), true);
  assert.equal(faulty.isPaused("a"), true);
  assert.equal(faulty.isPaused("b"), false);
  clock.advance(FAULT_PAUSE_MILLIS - 1);
  assert.equal(faulty.isPaused("a"), true);
  clock.advance(1);
  assert.equal(faulty.isPaused("a"), false);
});

Deno.test("after the pause counting begins anew", () => {
  const clock = new TestClock();
  const faulty = new FaultyBatches(clock);
  assert.equal(faulty.add("a", 2 * MAX_FAULTY_BYTES), true);
  clock.advance(FAULT_PAUSE_MILLIS);
  assert.equal(faulty.add("a", MAX_FAULTY_BYTES), false);
  assert.equal(faulty.add("a", 2 * UNCOUNTED_BYTES), true);
});

Deno.test("what is spread over seconds pauses nobody", () => {
  const clock = new TestClock();
  const faulty = new FaultyBatches(clock);
  for (let second = 0; second < 10; second++) {
    assert.equal(faulty.add("a", MAX_FAULTY_BYTES), false);
    clock.advance(FAULT_WINDOW_MILLIS);
  }
});

Deno.test("small faulty events never pause anybody, however many there are", () => {
  const faulty = new FaultyBatches(new TestClock());
  for (let index = 0; index < 100_000; index++) faulty.add("a", UNCOUNTED_BYTES);
  assert.equal(faulty.isPaused("a"), false);
});
