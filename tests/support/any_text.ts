/**
 * Any text at all, for property tests.
 *
 * @module
 */
import fc from "fast-check";

/** Texts that break what was written without thinking of them. */
const NOTED = ["", "__proto__", "constructor", "\u0000", "\ud800", "\udc00\ud800", "ß€😀", '\\"\n'];

/**
 * Texts of any code points, half surrogate pairs included, as `fc.string({ unit: "binary" })` makes
 * them; that one computes for seconds before it makes the first.
 *
 * @param options Lengths in code points.
 */
export function anyText(
  { minLength = 0, maxLength = 10 }: { minLength?: number; maxLength?: number } = {},
): fc.Arbitrary<string> {
  const codePoint = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0, max: 0x10ffff }),
    fc.integer({ min: 0xd800, max: 0xdfff }),
  );
  const noted = NOTED.filter(({ length }) => length >= minLength && length <= maxLength);
  const texts = fc.array(codePoint, { minLength, maxLength })
    .map((codePoints) => String.fromCodePoint(...codePoints));
  return noted.length === 0 ? texts : fc.oneof(
    { weight: 9, arbitrary: texts },
    { weight: 1, arbitrary: fc.constantFrom(...noted) },
  );
}
