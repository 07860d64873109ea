/**
 * Exact decimal arithmetic for fields that are decimal strings.
 *
 * @module
 */
// The package brings no types, and this is the one place that says where they are.
// @ts-types="@types/big.js"
import Big from "big.js";

export { Big };

/** Zero. */
export const ZERO: Big = new Big(0);

/**
 * Writes an amount exactly, with two decimals or as many more as it has; never an exponent and
 * never a negative zero.
 */
export function formatAmount(amount: Big): string {
  const exact = amount.toFixed();
  const point = exact.indexOf(".");
  const text = point >= 0 && exact.length - point > 2 ? exact : amount.toFixed(2);
  return amount.eq(ZERO) ? text.replace("-", "") : text;
}

/** Rounds half up to a number of decimals. */
export function roundTo(amount: Big, decimals: number): Big {
  return amount.round(decimals, Big.roundHalfUp);
}
