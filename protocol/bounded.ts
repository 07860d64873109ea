/**
 * Length bounds for zod that apply to strings and arrays only.
 *
 * zod runs `.min()` and `.max()` on whatever has a `length`, also when the type was found wrong: an
 * object whose `length` is an object throws when it is compared, and a list of lists is joined.
 *
 * @module
 */
import { z } from "zod";

/**
 * Applies a check to what passes a test alone. zod documents `when` for refinements only, but every
 * check reads it; `tests/protocol/bounded_test.ts` fails if one should not.
 */
function onlyIf(test: (value: unknown) => boolean) {
  return { abort: false, when: ({ value }: { readonly value: unknown }) => test(value) };
}

const IF_TEXT = onlyIf((value) => typeof value === "string");
const IF_LIST = onlyIf(Array.isArray);

/** A text of at least `min` and at most `max` characters. */
export function boundedText(min: number, max: number): z.ZodString {
  const text = min > 0 ? z.string().min(min, IF_TEXT) : z.string();
  return text.max(max, IF_TEXT);
}

/** A list of at least `min` and at most `max` elements. */
export function boundedList<T extends z.ZodType>(
  element: T,
  min: number,
  max: number,
): z.ZodArray<T> {
  const list = min > 0 ? z.array(element).min(min, IF_LIST) : z.array(element);
  return list.max(max, IF_LIST);
}
