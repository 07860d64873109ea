import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BODY_BOUNDS,
  ByteBudget,
  MESSAGE_BOUNDS,
  SMALL_BYTES,
  SMALL_SHARE,
} from "../../../actors/intake/byte_budget.ts";

const MIB = 1_048_576;

Deno.test("bodies take 64 MiB in all, and a quarter of it for one principal", () => {
  assert.deepEqual(BODY_BOUNDS, { total: 64 * MIB, perPrincipal: 16 * MIB });
  assert.ok(MESSAGE_BOUNDS.perPrincipal < MESSAGE_BOUNDS.total);
});

Deno.test("large bodies of a principal leave room for its small ones, and for other principals", () => {
  const budget = new ByteBudget(BODY_BOUNDS);
  assert.ok(budget.take("a", 15 * MIB, 15 * MIB));
  assert.equal(budget.take("a", 1, SMALL_BYTES + 1), false);
  for (let taken = 0; taken < SMALL_SHARE; taken += SMALL_BYTES) {
    assert.ok(budget.take("a", SMALL_BYTES, SMALL_BYTES));
  }
  assert.equal(budget.take("a", 1, 1), false);
  assert.ok(budget.take("b", 15 * MIB, 15 * MIB));
});

Deno.test("all principals together have what there is in all", () => {
  const budget = new ByteBudget(BODY_BOUNDS);
  for (const name of "abcd") assert.ok(budget.take(name, 15 * MIB, 15 * MIB));
  assert.equal(budget.take("e", 5 * MIB, 5 * MIB), false);
  budget.give("a", 15 * MIB);
  assert.ok(budget.take("e", 5 * MIB, 5 * MIB));
});

Deno.test("property: what is held is what was taken and not given back, and never more than allowed", () => {
  const step = fc.record({
    name: fc.constantFrom(..."abc"),
    bytes: fc.integer({ min: 1, max: 60 }),
    give: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const budget = new ByteBudget({ total: 200, perPrincipal: 100 });
    const held = new Map<string, number[]>();
    for (const { name, bytes, give } of steps) {
      const mine = held.get(name) ?? [];
      held.set(name, mine);
      if (give && mine.length > 0) budget.give(name, mine.pop()!);
      else if (budget.take(name, bytes, bytes)) mine.push(bytes);
      let total = 0;
      for (const [name, all] of held) {
        const sum = all.reduce((a, b) => a + b, 0);
        assert.equal(budget.held(name), sum);
        assert.ok(sum <= 100);
        total += sum;
      }
      assert.equal(budget.total, total);
      assert.ok(total <= 200);
    }
  }));
});
