import assert from "node:assert/strict";
import fc from "fast-check";
import {
  add,
  compareDecimals,
  formatDecimal,
  parseDecimal,
  signOf,
  subtract,
  writeDecimal,
} from "../../../../routes/pages/logic/decimal.ts";

const decimalText = fc.tuple(
  fc.boolean(),
  fc.bigInt(0n, 10n ** 30n),
  fc.integer({ min: 0, max: 12 }),
)
  .map(([isNegative, units, scale]) => writeDecimal({ units: isNegative ? -units : units, scale }));

Deno.test("sums are exact where floats are not", () => {
  const sum = add(parseDecimal("0.1")!, parseDecimal("0.2")!);
  assert.equal(writeDecimal(sum), "0.3");
  const large = add(parseDecimal("12345678901234567890.01")!, parseDecimal("0.001")!);
  assert.equal(writeDecimal(large), "12345678901234567890.011");
  assert.equal(writeDecimal(subtract(parseDecimal("1")!, parseDecimal("1.05")!)), "-0.05");
});

Deno.test("a decimal that is read and written is the same text", () => {
  fc.assert(fc.property(decimalText, (text) => {
    assert.equal(writeDecimal(parseDecimal(text)!), text);
  }));
});

Deno.test("what was added and taken away again leaves the same value", () => {
  fc.assert(fc.property(decimalText, decimalText, (one, other) => {
    const back = subtract(add(parseDecimal(one)!, parseDecimal(other)!), parseDecimal(other)!);
    assert.equal(compareDecimals(writeDecimal(back), one), 0);
  }));
});

Deno.test("the order of decimals is that of their digits, also where floats are equal", () => {
  assert.ok(compareDecimals("0.10000000000000000001", "0.1") > 0);
  assert.ok(compareDecimals("-2", "-10") > 0);
  assert.equal(compareDecimals("1.50", "1.5"), 0);
  fc.assert(fc.property(decimalText, decimalText, (one, other) => {
    const exact = subtract(parseDecimal(one)!, parseDecimal(other)!).units;
    assert.equal(Math.sign(compareDecimals(one, other)), exact < 0n ? -1 : exact > 0n ? 1 : 0);
  }));
});

Deno.test("what is no decimal string is not read as one", () => {
  for (const text of ["", "-", "1.", ".5", "1e3", "+1", "1,000", "NaN", " 1"]) {
    assert.equal(parseDecimal(text), undefined, text);
  }
});

Deno.test("decimals are shown with all their digits, thousands apart and a real minus", () => {
  assert.equal(formatDecimal("1234567.8900"), "1,234,567.8900");
  assert.equal(formatDecimal("-1234.5"), "−1,234.5");
  assert.equal(formatDecimal("999"), "999");
  assert.equal(formatDecimal("0.1234567"), "0.1234567");
  assert.equal(formatDecimal("12.5", { signed: true }), "+12.5");
  assert.equal(formatDecimal("0.00", { signed: true }), "0.00");
  assert.equal(formatDecimal("-0.00"), "0.00");
});

Deno.test("a zero has no sign, however it is written", () => {
  assert.deepEqual(["0", "-0.00", "0.001", "-3"].map(signOf), [0, 0, 1, -1]);
});
