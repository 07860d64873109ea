/**
 * Decimal strings: money is never a float.
 *
 * @module
 */
import { z } from "zod";

/**
 * Longest accepted decimal string, in characters: a quotient of the core has up to 100 decimals, a
 * uint256 78 digits.
 */
export const MAX_DECIMAL_LENGTH = 128;

/**
 * A plain decimal number written as a string: optional minus, digits, optional fraction. No
 * exponent, no plus sign, no grouping. It is passed on as it was written; the gateway never
 * calculates with it.
 */
export const Decimal: z.ZodString = z.string()
  .max(MAX_DECIMAL_LENGTH)
  .regex(/^-?\d+(\.\d+)?$/, 'expected a decimal string such as "9750.25"');

/** A {@link Decimal} of 0 or more; a zero may have a sign. */
export const UnsignedDecimal: z.ZodString = Decimal
  .regex(/^(?!-)|^-0+(?:\.0+)?$/, "must not be negative");
