import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../actors/sources/random.ts";

Deno.test("Random gives the numbers of the xoshiro128** reference", () => {
  const random = new Random("", [1, 2, 3, 4]);
  const expected = [
    11_520,
    0,
    5_927_040,
    70_819_200,
    2_031_721_883,
    1_637_235_492,
    1_287_239_034,
    3_734_860_849,
    3_729_100_597,
    4_258_142_804,
  ];
  assert.deepEqual(expected.map(() => random.uint32()), expected);
});

Deno.test("Random repeats itself for a seed, and forks do not disturb each other", () => {
  const draw = (random: Random) => Array.from({ length: 50 }, () => random.uint32());
  assert.deepEqual(draw(new Random("a")), draw(new Random("a")));
  assert.notDeepEqual(draw(new Random("a")), draw(new Random("b")));
  const used = new Random("a");
  draw(used);
  assert.deepEqual(draw(used.fork("x")), draw(new Random("a").fork("x")));
  assert.notDeepEqual(draw(used.fork("x")), draw(used.fork("y")));
});

Deno.test("Random.uniform() and Random.integer() stay within their bounds", () => {
  fc.assert(fc.property(fc.string(), fc.integer({ min: -1e6, max: 1e6 }), (seed, min) => {
    const random = new Random(seed);
    for (let i = 0; i < 20; i++) {
      const real = random.uniform(min, min + 3);
      assert.ok(real >= min && real < min + 3);
      const whole = random.integer(min, min + 3);
      assert.ok(Number.isInteger(whole) && whole >= min && whole <= min + 3);
    }
  }));
});

Deno.test("Random.normal() has the mean and the deviation it was asked for", () => {
  const random = new Random(7);
  const draws = Array.from({ length: 20_000 }, () => random.normal(5, 2));
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  assert.ok(Math.abs(mean - 5) < 0.06, `mean ${mean}`);
  assert.ok(Math.abs(Math.sqrt(variance) - 2) < 0.05, `deviation ${Math.sqrt(variance)}`);
});
