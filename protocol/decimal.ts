/**
 * Decimal strings: money is never a float.
 *
 * @module
 */
import { z } from "zod";

/** Longest accepted decimal string, in characters; a uint256 has 78 digits. */
export const MAX_DECIMAL_LENGTH = 80;

/**
 * A plain decimal number written as a string: optional minus, digits, optional fraction. No
 * exponent, no plus sign, no grouping. It is passed on as it was written; the gateway never
 * calculates with it.
 */
export const Decimal: z.ZodString = z.string()
  .max(MAX_DECIMAL_LENGTH)
  .regex(/^-?\d+(\.\d+)?$/, 'expected a decimal string such as "9750.25"');
