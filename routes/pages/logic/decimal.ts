/**
 * Exact decimals: money is added, compared and shown as it was published, never as a float.
 *
 * @module
 */

/** `units` × 10^−`scale`. */
export interface ExactDecimal {
  readonly units: bigint;
  /** Digits behind the point, 0 or more. */
  readonly scale: number;
}

/** Nothing, with as few digits as there are. */
export const ZERO: ExactDecimal = { units: 0n, scale: 0 };

const DECIMAL = /^(-?\d+)(?:\.(\d+))?$/;

/** Reads a decimal string of the gateway; `undefined` for anything else. */
export function parseDecimal(text: string): ExactDecimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = "0", fraction = ""] = match;
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** The sum; it has as many digits as the longer of the two. */
export function add(one: ExactDecimal, other: ExactDecimal): ExactDecimal {
  const scale = Math.max(one.scale, other.scale);
  return { units: atScale(one, scale) + atScale(other, scale), scale };
}

/** What is left. */
export function subtract(one: ExactDecimal, other: ExactDecimal): ExactDecimal {
  return add(one, { units: -other.units, scale: other.scale });
}

/** Below 0, 0 or above 0 when the first is less, equal or greater; exact. */
export function compareDecimals(one: string, other: string): number {
  // Rounding keeps the order: only equal floats need the digits.
  const difference = Number(one) - Number(other);
  if (difference !== 0 && Number.isFinite(difference)) return difference;
  const [a, b] = [parseDecimal(one) ?? ZERO, parseDecimal(other) ?? ZERO];
  const rest = subtract(a, b).units;
  return rest < 0n ? -1 : rest > 0n ? 1 : 0;
}

/** Writes it the way the gateway does, for example `-12.50`. */
export function writeDecimal({ units, scale }: ExactDecimal): string {
  const sign = units < 0n ? "-" : "";
  const digits = `${units < 0n ? -units : units}`.padStart(scale + 1, "0");
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * Shows a decimal string with its digits as published, thousands apart and a real minus.
 *
 * @param options `signed` writes a plus as well.
 */
export function formatDecimal(text: string, options: { readonly signed?: boolean } = {}): string {
  const isNegative = text.startsWith("-");
  const [whole = "0", fraction] = (isNegative ? text.slice(1) : text).split(".");
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  const sign = signOf(text);
  const mark = sign < 0 ? "−" : sign > 0 && options.signed === true ? "+" : "";
  return mark + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** −1, 0 or 1; a zero with a minus is 0. */
export function signOf(text: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith("-") ? -1 : 1;
}

function atScale({ units, scale }: ExactDecimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}
