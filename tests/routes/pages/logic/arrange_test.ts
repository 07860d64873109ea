import assert from "node:assert/strict";
import {
  keepOrder,
  matches,
  parseSort,
  sortIds,
  writeSort,
} from "../../../../routes/pages/logic/arrange.ts";

const byValue = (one: number, other: number) => one - other;

Deno.test("rows are sorted either way, equal ones by their ids", () => {
  const rows = new Map([["c", 1], ["a", 2], ["b", 1]]);
  assert.deepEqual(sortIds(rows, byValue, false), ["b", "c", "a"]);
  assert.deepEqual(sortIds(rows, byValue, true), ["a", "b", "c"]);
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
