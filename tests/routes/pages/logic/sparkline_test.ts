import assert from "node:assert/strict";
import fc from "fast-check";
import { sparkPath, Trail } from "../../../../routes/pages/logic/sparkline.ts";

Deno.test("Trail keeps the last value of each step", () => {
  const trail = new Trail(60_000, 10, 1_000);
  for (const at of [0, 400, 900, 1_000]) trail.add(at, at);
  assert.deepEqual(trail.points.map(({ value }) => value), [900, 1_000]);
});

Deno.test("Trail never has more points than it may, nor older ones than its span", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 400 });
  fc.assert(fc.property(gaps, (steps) => {
    const trail = new Trail(3_600_000, 20, 1_000);
    let at = 0;
    for (const step of steps) {
      trail.add(at += step, step);
      assert.ok(trail.points.length <= 20);
      assert.ok(trail.points[0]!.at >= at - 3_600_000);
      assert.equal(trail.points.at(-1)!.at, at, "the newest is always there");
    }
  }));
});

Deno.test("Trail leaves out what is no number, or comes out of order", () => {
  const trail = new Trail(60_000, 10, 1_000);
  trail.add(5_000, 1);
  trail.add(4_000, 2);
  trail.add(6_000, NaN);
  assert.deepEqual(trail.points, [{ at: 5_000, value: 1 }]);
});

Deno.test("a line fills its box, the greatest value at the top", () => {
  const points = [{ at: 0, value: 5 }, { at: 50, value: 10 }, { at: 100, value: 0 }];
  assert.equal(sparkPath(points, 100, 20), "M0 10L50 0L100 20");
});

Deno.test("a line of equal values is in the middle, one of fewer than two points is none", () => {
  assert.equal(sparkPath([{ at: 0, value: 3 }, { at: 10, value: 3 }], 100, 20), "M0 10L100 10");
  assert.equal(sparkPath([{ at: 0, value: 3 }], 100, 20), "");
});
