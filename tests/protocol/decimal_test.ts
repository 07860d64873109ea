import assert from "node:assert/strict";
import fc from "fast-check";
import { Decimal, MAX_DECIMAL_LENGTH, UnsignedDecimal } from "../../protocol/decimal.ts";

const isDecimal = (value: unknown) => Decimal.safeParse(value).success;

Deno.test("plain decimal strings are passed on as they were written", () => {
  for (const text of ["0", "-0", "9750.25", "-60.10", "0.000000001", "007", "1.0"]) {
    assert.equal(Decimal.parse(text), text);
  }
});

Deno.test("any integer and fraction make a decimal string", () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.nat()).map((
    [whole, part],
  ) => `${whole}.${part}`);
  fc.assert(fc.property(decimal, (text) => Decimal.parse(text) === text));
});

Deno.test("money is never a float", () => {
  for (const value of [9750.25, 0, 1n, null, undefined, true, ["1"], { value: "1" }]) {
    assert.equal(isDecimal(value), false, String(value));
  }
});

Deno.test("other ways to write a number are not accepted", () => {
  const others = ["", " 1", "1 ", "+1", "1e3", "1E-8", ".5", "5.", "1,5", "1_000", "0x10", "--1"];
  for (const text of [...others, "NaN", "Infinity", "1\n", "1.2.3", "١"]) {
    assert.equal(isDecimal(text), false, JSON.stringify(text));
  }
});

Deno.test("a decimal string has its longest length", () => {
  assert.equal(MAX_DECIMAL_LENGTH, 128);
  assert.equal(isDecimal("9".repeat(MAX_DECIMAL_LENGTH)), true);
  assert.equal(isDecimal("9".repeat(MAX_DECIMAL_LENGTH + 1)), false);
});

Deno.test("an amount that must not be negative may be a zero with a sign", () => {
  for (const text of ["0", "60.10", "-0", "-0.00"]) assert.equal(UnsignedDecimal.parse(text), text);
  for (const text of ["-60.10", "-0.01", "-1", "--0", "-0x", "", "1e3"]) {
    assert.equal(UnsignedDecimal.safeParse(text).success, false, text);
  }
});
