import assert from "node:assert/strict";
import {
  keepOrder,
  matches,
  parseSort,
  sortIds,
  writeSort,
} from "../../../../routes/pages/logic/arrange.ts";
import { compareDecimals } from "../../../../routes/pages/logic/decimal.ts";

const itself = (value: number) => value;

Deno.test("rows are sorted either way, equal ones by their ids", () => {
  const rows = new Map([["c", 1], ["a", 2], ["b", 1]]);
  assert.deepEqual(sortIds(rows, itself, false), ["b", "c", "a"]);
  assert.deepEqual(sortIds(rows, itself, true), ["a", "b", "c"]);
});

Deno.test("texts are sorted as people do, numbers in them by their value", () => {
  const rows = new Map([["a", "Trader 10"], ["b", "trader 9"], ["c", "Álvaro"]]);
  assert.deepEqual(sortIds(rows, (text) => text, false), ["c", "b", "a"]);
});

Deno.test("decimals that are equal as floats are sorted by their digits", () => {
  const rows = new Map([["a", "0.10000000000000000002"], ["b", "0.10000000000000000001"]]);
  assert.deepEqual(sortIds(rows, Number, false, compareDecimals), ["b", "a"]);
  assert.deepEqual(sortIds(rows, Number, true, compareDecimals), ["a", "b"]);
});

Deno.test("while sorting is paused rows stay in their places, and new ones come last", () => {
  assert.deepEqual(keepOrder(["c", "a", "b"], ["a", "b", "c", "d"]), ["c", "a", "b", "d"]);
  assert.deepEqual(keepOrder(["c", "a", "b"], ["b", "d"]), ["b", "d"]);
});

Deno.test("a sort is the same after it was in an address, and unknown columns are no sort", () => {
  for (const sort of [{ key: "pnl", descending: true }, { key: "age", descending: false }]) {
    assert.deepEqual(parseSort(writeSort(sort), ["pnl", "age"]), sort);
  }
  assert.equal(parseSort("nothing", ["pnl"]), undefined);
  assert.equal(parseSort(null, ["pnl"]), undefined);
});

Deno.test("a filter admits rows that have all of its words, in any case and order", () => {
  const texts = ["Atlas", "BTCUSDT", undefined];
  assert.equal(matches("btc atl", texts), true);
  assert.equal(matches("", texts), true);
  assert.equal(matches(" atlas ", texts), true);
  assert.equal(matches("atlas eth", texts), false);
});
