/**
 * When the client tries again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Backoff, CAP_MILLIS, HEALTHY_MILLIS } from "../../../protocol/client/backoff.ts";

Deno.test("Backoff draws from an interval that doubles, up to its cap", () => {
  const backoff = new Backoff(() => 0.999_999);
  const delays = Array.from({ length: 8 }, () => Math.round(backoff.next(0, 0)));
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

Deno.test("Backoff may be at once: jitter is full", () => {
  const backoff = new Backoff(() => 0);
  assert.deepEqual([backoff.next(0, 0), backoff.next(0, 0)], [0, 0]);
});

Deno.test("Backoff is never earlier than the gateway asked, after any number of failures", () => {
  for (const random of [0, 0.5, 0.999]) {
    const backoff = new Backoff(() => random);
    for (let failure = 0; failure < 100; failure++) {
      const delay = backoff.next(0, 7_000);
      assert.ok(delay >= 7_000 && delay <= 7_000 + CAP_MILLIS);
    }
  }
});

Deno.test("Backoff forgets failures after a minute of health, and not before", () => {
  const backoff = new Backoff(() => 0.999_999);
  for (let failure = 0; failure < 4; failure++) backoff.next(0, 0);
  assert.equal(Math.round(backoff.next(HEALTHY_MILLIS - 1, 0)), 16_000);
  assert.equal(Math.round(backoff.next(HEALTHY_MILLIS, 0)), 1_000);
  assert.equal(Math.round(backoff.next(0, 0)), 2_000);
});
