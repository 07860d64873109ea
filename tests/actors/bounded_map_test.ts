import assert from "node:assert/strict";
import fc from "fast-check";
import { BoundedMap } from "../../actors/bounded_map.ts";

Deno.test("beyond its entries the oldest is dropped, and said to be", () => {
  const map = new BoundedMap<string, number>({ maxEntries: 2 });
  assert.deepEqual([map.set("a", 1), map.set("b", 2), map.set("c", 3)], [0, 0, 1]);
  assert.deepEqual([...map], [["b", 2], ["c", 3]]);
  assert.deepEqual([map.has("a"), map.get("a"), map.size], [false, undefined, 2]);
});

Deno.test("setting a key again makes it the newest", () => {
  const map = new BoundedMap<string, number>({ maxEntries: 2 });
  for (const key of ["a", "b", "a", "c"]) map.set(key, 1);
  assert.deepEqual([...map].map(([key]) => key), ["a", "c"]);
});

Deno.test("replacing a value keeps its age and counts its weight anew", () => {
  const map = new BoundedMap<string, string>({ maxWeight: 10, weigh: (value) => value.length });
  map.set("a", "12345");
  map.set("b", "12345");
  map.replace("a", "1");
  map.replace("c", "1");
  assert.deepEqual([map.weight, [...map.values()]], [6, ["1", "12345"]]);
});

Deno.test("the newest entry stays, however much it weighs", () => {
  const map = new BoundedMap<string, number>({ maxWeight: 10, weigh: (value) => value });
  map.set("a", 3);
  assert.equal(map.set("b", 50), 1);
  assert.deepEqual([map.size, map.weight], [1, 50]);
  assert.equal(map.set("c", 2), 1);
  assert.deepEqual([...map], [["c", 2]]);
});

Deno.test("weight is the sum of what is held, and bounds hold, whatever is set and deleted", () => {
  const step = fc.record({
    op: fc.constantFrom("set", "delete", "replace"),
    key: fc.nat(9),
    value: fc.nat(20),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const map = new BoundedMap<number, number>({
      maxEntries: 5,
      maxWeight: 40,
      weigh: (value, key) => value + key,
    });
    for (const { op, key, value } of steps) {
      if (op === "set") map.set(key, value);
      else if (op === "replace") map.replace(key, value);
      else map.delete(key);
      const weight = [...map].reduce((sum, [held, weighed]) => sum + held + weighed, 0);
      assert.equal(map.weight, weight);
      assert.ok(map.size <= 5);
      if (op === "set") {
        assert.equal(map.get(key), value);
        assert.ok(map.weight <= 40 || map.size === 1, `${map.weight}`);
      }
    }
  }));
});
