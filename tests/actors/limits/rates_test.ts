import assert from "node:assert/strict";
import { MAX_SUBJECTS, Rates } from "../../../actors/limits/rates.ts";
import { TestClock } from "../../support/test_clock.ts";

Deno.test("each subject has a burst of one second's worth, and as much again every second", () => {
  const clock = new TestClock();
  const rates = new Rates(clock, 3);
  const taken = (subject: string) => [1, 2, 3, 4].map(() => rates.take(subject));
  assert.deepEqual(taken("a"), [true, true, true, false]);
  assert.deepEqual(taken("b"), [true, true, true, false]);
  clock.advance(1_000);
  assert.deepEqual(taken("a"), [true, true, true, false]);
});

Deno.test("0 is unlimited, and remembers nobody", () => {
  const rates = new Rates(new TestClock(), 0);
  for (let i = 0; i < 1_000; i++) assert.ok(rates.take("a"));
  assert.equal(rates.size, 0);
});

Deno.test("subjects are forgotten when their bucket is full again, and beyond a bound", () => {
  const clock = new TestClock();
  const rates = new Rates(clock, 1);
  for (let i = 0; i < MAX_SUBJECTS + 10; i++) rates.take(`s${i}`);
  assert.equal(rates.size, MAX_SUBJECTS);
  clock.advance(1_000);
  rates.take("another");
  assert.equal(rates.size, 1);
});
