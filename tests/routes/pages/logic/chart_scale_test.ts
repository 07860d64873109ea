import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clampSpan,
  nearestPoint,
  panSpan,
  pointsWithin,
  stepPath,
  timeTicks,
  valueSpan,
  valueTicks,
  zoomSpan,
} from "../../../../routes/pages/logic/chart_scale.ts";

const point = (at: number, value: number) => ({ at, value });

Deno.test("values are written at round steps", () => {
  assert.deepEqual(valueTicks({ from: 1, to: 9 }, 4), [2, 4, 6, 8]);
  assert.deepEqual(valueTicks({ from: 64_230, to: 64_270 }, 4), [
    64_230,
    64_240,
    64_250,
    64_260,
    64_270,
  ]);
  assert.deepEqual(valueTicks({ from: 5, to: 5 }, 4), [5]);
});

Deno.test("times are written at round times of the zone, at most as many as there is room for", () => {
  const hour = 3_600_000;
  assert.deepEqual(timeTicks({ from: 1_500, to: 4_500 }, 5, 0), [2_000, 3_000, 4_000]);
  assert.deepEqual(
    timeTicks({ from: 0, to: 24 * hour }, 2, 5.5 * hour).map((at) => at / hour),
    [6.5, 18.5],
    "noon and midnight where it is half past five earlier",
  );
  fc.assert(fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 1e9 }), (from, length) => {
    assert.ok(timeTicks({ from, to: from + length }, 8, 0).length <= 9);
  }));
});

Deno.test("all values of all points are within the span, with a margin", () => {
  const { from, to } = valueSpan([point(0, 2), point(1, 4)]);
  assert.ok(from < 2 && from > 1.5 && to > 4 && to < 4.5);
  const flat = valueSpan([point(0, 3), point(1, 3)]);
  assert.ok(flat.from < 3 && flat.to > 3, "a flat line is in the middle");
});

Deno.test("the line goes on beyond both ends of what is looked at", () => {
  const points = [0, 10, 20, 30, 40].map((at) => point(at, at));
  assert.deepEqual(pointsWithin(points, { from: 15, to: 25 }).map(({ at }) => at), [10, 20, 30]);
  assert.deepEqual(pointsWithin(points, { from: -5, to: 99 }).length, 5);
});

Deno.test("the point that is closest in time is found", () => {
  const points = [point(0, 1), point(10, 2)];
  assert.equal(nearestPoint(points, 4)!.at, 0);
  assert.equal(nearestPoint(points, 6)!.at, 10);
  assert.equal(nearestPoint(points, 99)!.at, 10);
  assert.equal(nearestPoint([], 1), undefined);
});

Deno.test("a price holds until the next one", () => {
  const path = stepPath([point(0, 1), point(10, 5), point(20, 2)], (at) => at, (value) => value);
  assert.equal(path, "M0 1H10V5H20V2");
});

Deno.test("however many prices one px has, their extremes are drawn", () => {
  const points = [point(0, 5), point(0.1, 9), point(0.2, 1), point(0.3, 6), point(4, 3)];
  assert.equal(stepPath(points, (at) => at, (value) => value), "M0 5V1V9V6H4V3");
  const many = Array.from({ length: 10_000 }, (_, index) => point(index / 1_000, index % 7));
  assert.ok(stepPath(many, (at) => at, (value) => value).length < 10 * 40);
});

Deno.test("zooming keeps the time under the pointer, and ends at the whole", () => {
  const whole = { from: 0, to: 100_000 };
  assert.deepEqual(zoomSpan(whole, 50_000, 0.5, whole), { from: 25_000, to: 75_000 });
  assert.equal(zoomSpan({ from: 10_000, to: 90_000 }, 50_000, 2, whole), whole);
});

Deno.test("what is looked at stays within what there is", () => {
  const whole = { from: 0, to: 100_000 };
  assert.deepEqual(panSpan({ from: 10_000, to: 30_000 }, -1, whole), { from: 0, to: 20_000 });
  assert.deepEqual(panSpan({ from: 10_000, to: 30_000 }, 1e6, whole), {
    from: 80_000,
    to: 100_000,
  });
  assert.deepEqual(clampSpan({ from: 50_000, to: 50_001 }, whole), { from: 50_000, to: 52_000 });
});
