import assert from "node:assert/strict";
import { MAX_PRICES, PriceSeries } from "../../../../routes/pages/logic/price_series.ts";

const timesOf = (series: PriceSeries) => series.points.map(({ at }) => at);
const point = (at: number) => ({ at, value: at });

Deno.test("past and present meet without a repeat", () => {
  const series = new PriceSeries();
  series.append(5, 5);
  series.append(6, 6);
  series.prepend([3, 4, 5, 6].map(point));
  series.prepend([1, 2, 3].map(point));
  assert.deepEqual(timesOf(series), [1, 2, 3, 4, 5, 6]);
});

Deno.test("what comes late, or is no number, is left out", () => {
  const series = new PriceSeries();
  assert.equal(series.append(5, 5), true);
  assert.equal(series.append(5, 6), false);
  assert.equal(series.append(4, 6), false);
  assert.equal(series.append(6, NaN), false);
  series.prepend([{ at: 1, value: NaN }, point(2)]);
  assert.deepEqual(timesOf(series), [2, 5]);
});

Deno.test("prices are bounded, the oldest leave", () => {
  const series = new PriceSeries();
  for (let at = 1; at <= MAX_PRICES * 1.2; at += 1) series.append(at, at);
  assert.ok(series.points.length <= MAX_PRICES * 1.1);
  assert.equal(series.points.at(-1)!.at, MAX_PRICES * 1.2);
  series.prepend([point(-1)]);
  assert.ok(series.points.length <= MAX_PRICES);
});
