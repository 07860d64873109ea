import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_NUMBERS, NumberSet } from "../../../actors/stream/number_set.ts";

Deno.test("property: it counts the numbers of a range as a list does", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 5, max: 60 }), { maxLength: 40 });
  const bound = fc.integer({ min: 0, max: 70 });
  fc.assert(fc.property(numbers, bound, bound, (list, from, to) => {
    fc.pre(from <= to);
    const set = new NumberSet(5);
    for (const number of list.toSorted((a, b) => a - b)) set.add(number);
    assert.equal(set.count(from, to), list.filter((one) => one >= from && one <= to).length);
    assert.equal(set.first, 5);
  }));
});

Deno.test("beyond its bound the older half goes, and it says from where on it is complete", () => {
  const set = new NumberSet(1);
  for (let number = 2; number < MAX_NUMBERS * 4; number += 2) set.add(number);
  assert.equal(set.first, 1);
  set.add(MAX_NUMBERS * 4);
  assert.equal(set.first, MAX_NUMBERS * 2 + 1);
  assert.equal(set.count(set.first, MAX_NUMBERS * 4), MAX_NUMBERS);
});
