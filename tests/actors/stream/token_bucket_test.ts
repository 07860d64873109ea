import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "../../../actors/stream/token_bucket.ts";

/** Takes tokens until there is none, at most `limit`. */
function drain(bucket: TokenBucket, now: number, limit = 10_000): number {
  let taken = 0;
  while (taken < limit && bucket.take(now)) taken += 1;
  return taken;
}

Deno.test("a new bucket is full: it gives one second's worth at once, and then nothing", () => {
  const bucket = new TokenBucket(50, 1_000);
  assert.equal(bucket.level(1_000), 1);
  assert.equal(drain(bucket, 1_000), 50);
  assert.equal(bucket.level(1_000), 0);
});

Deno.test("tokens come back at the rate, one each 1000/rate ms", () => {
  const bucket = new TokenBucket(8, 0);
  drain(bucket, 0);
  assert.equal(bucket.take(124), false);
  assert.equal(bucket.take(125), true);
  assert.equal(bucket.take(125), false);
  assert.equal(drain(bucket, 625), 4);
});

Deno.test("no more than one second's worth is saved up", () => {
  const bucket = new TokenBucket(20, 0);
  drain(bucket, 0);
  assert.equal(bucket.level(3_600_000), 1);
  assert.equal(drain(bucket, 3_600_000), 20);
});

Deno.test("the level is the filled share, and reading it takes nothing", () => {
  const bucket = new TokenBucket(40, 0);
  drain(bucket, 0);
  assert.equal(bucket.level(250), 0.25);
  assert.equal(bucket.level(250), 0.25);
  assert.equal(drain(bucket, 250), 10);
});

Deno.test("a rate of 0 is unlimited, and always full", () => {
  const bucket = new TokenBucket(0, 0);
  assert.equal(drain(bucket, 0, 5_000), 5_000);
  assert.equal(bucket.level(0), 1);
});

Deno.test("time that stands still or goes back gives nothing and takes nothing away", () => {
  const bucket = new TokenBucket(8, 1_000);
  assert.equal(bucket.level(500), 1);
  assert.equal(drain(bucket, 1_000), 8);
  assert.equal(bucket.take(1_000), false);
  assert.equal(bucket.take(0), false);
  // The 125 ms count from 1000, not from the moment that was given out of order.
  assert.equal(bucket.take(1_124), false);
  assert.equal(bucket.take(1_125), true);
});

const steps = fc.array(
  fc.record({ wait: fc.nat(700), kind: fc.constantFrom("take", "drain", "level") }),
  { maxLength: 60 },
);

Deno.test("property: it behaves like an exact count of thousandths of tokens", () => {
  // With multiples of 125 every share of a token is a binary fraction, so that floats are exact.
  const rates = fc.integer({ min: 1, max: 16 }).map((eighths) => eighths * 125);
  fc.assert(fc.property(rates, steps, (rate, schedule) => {
    const bucket = new TokenBucket(rate, 0);
    let now = 0;
    let thousandths = rate * 1_000;
    for (const { wait, kind } of schedule) {
      now += wait;
      thousandths = Math.min(rate * 1_000, thousandths + wait * rate);
      if (kind === "level") {
        assert.equal(bucket.level(now), thousandths / 1_000 / rate);
      } else {
        const whole = Math.floor(thousandths / 1_000);
        const expected = kind === "drain" ? whole : Math.min(1, whole);
        assert.equal(drain(bucket, now, kind === "drain" ? Infinity : 1), expected);
        thousandths -= expected * 1_000;
      }
    }
  }));
});

Deno.test("property: any stretch of time gives at most the burst and the rate, and at least the rate", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3_000 }), steps, (rate, schedule) => {
    const bucket = new TokenBucket(rate, 0);
    let now = 0;
    let taken = drain(bucket, now);
    assert.equal(taken, rate);
    for (const { wait } of schedule) {
      now += wait;
      const before = taken;
      taken += drain(bucket, now);
      // One token of tolerance: shares of tokens are floats.
      assert.ok(taken <= rate + now * rate / 1_000 + 1e-6, `${taken} taken by ${now}`);
      assert.ok(taken - before >= Math.min(rate, wait * rate / 1_000) - 1 - 1e-6);
    }
  }));
});
