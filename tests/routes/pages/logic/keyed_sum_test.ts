import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyedSum } from "../../../../routes/pages/logic/keyed_sum.ts";

Deno.test("KeyedSum counts the last part of each row, exactly", () => {
  const sum = new KeyedSum();
  sum.set("a", "0.1");
  sum.set("b", "0.2");
  assert.equal(sum.text, "0.3");
  sum.set("a", "-5");
  assert.equal(sum.text, "-4.8");
  sum.delete("b");
  assert.equal(sum.text, "-5.0");
  assert.equal(sum.size, 1);
});

Deno.test("KeyedSum leaves out what is no decimal, and forgets what the row had before", () => {
  const sum = new KeyedSum();
  sum.set("a", "1");
  sum.set("a", undefined);
  sum.set("b", "much");
  assert.equal(sum.size, 0);
  assert.equal(sum.text, "0");
});

Deno.test("KeyedSum is what a sum over all rows would be, whatever came and went", () => {
  const step = fc.tuple(
    fc.constantFrom("a", "b", "c"),
    fc.option(fc.integer({ min: -999, max: 999 })),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const sum = new KeyedSum();
    const parts = new Map<string, number>();
    for (const [id, cents] of steps) {
      if (cents === null) {
        parts.delete(id);
        sum.delete(id);
      } else {
        parts.set(id, cents);
        sum.set(
          id,
          `${cents < 0 ? "-" : ""}${Math.floor(Math.abs(cents) / 100)}.${
            `${Math.abs(cents) % 100}`.padStart(2, "0")
          }`,
        );
      }
    }
    const total = [...parts.values()].reduce((all, cents) => all + cents, 0);
    assert.equal(Math.round(Number(sum.text) * 100), total);
  }));
});
