import assert from "node:assert/strict";
import fc from "fast-check";
import { Big, formatAmount } from "../../../actors/sources/money.ts";
import { Decimal } from "../../../protocol/decimal.ts";

Deno.test("formatAmount() keeps every digit, shows two at least, and knows no negative zero", () => {
  assert.equal(formatAmount(new Big("12.3456789")), "12.3456789");
  assert.equal(formatAmount(new Big("-3")), "-3.00");
  assert.equal(formatAmount(new Big("0.5")), "0.50");
  assert.equal(formatAmount(new Big("1e-9")), "0.000000001");
  assert.equal(formatAmount(new Big(0).times(-1)), "0.00");
});

Deno.test("formatAmount() writes the same number as a decimal string", () => {
  const digits = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(fc.property(digits, fc.integer({ min: 0, max: 20 }), (value, decimals) => {
    const amount = new Big(`${value}e-${decimals}`);
    const text = formatAmount(amount);
    assert.ok(Decimal.safeParse(text).success, text);
    assert.ok(new Big(text).eq(amount));
  }));
});
