import assert from "node:assert/strict";
import { Rate } from "../../../../routes/pages/logic/rate.ts";

Deno.test("a rate is taken over the last five seconds", () => {
  const rate = new Rate();
  assert.equal(rate.perSecond, undefined);
  for (let second = 0; second <= 10; second += 1) rate.sample(second * 1_000, second * second);
  assert.equal(rate.perSecond, (100 - 25) / 5);
});

Deno.test("a counter that begins anew has no rate until there are two samples", () => {
  const rate = new Rate();
  rate.sample(0, 500);
  rate.sample(1_000, 3);
  assert.equal(rate.perSecond, undefined);
  rate.sample(2_000, 5);
  assert.equal(rate.perSecond, 2);
});
