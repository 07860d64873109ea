/**
 * Tells a misspelled key from an unknown one.
 *
 * @module
 */

/**
 * The known key that is one edit away from `key`: a character inserted, left out or replaced, or two
 * neighbours swapped. `undefined` when there is none.
 */
export function nearestKey(key: string, known: Iterable<string>): string | undefined {
  for (const candidate of known) {
    if (isOneEditApart(key, candidate)) return candidate;
  }
  return undefined;
}

function isOneEditApart(one: string, other: string): boolean {
  const difference = one.length - other.length;
  if (Math.abs(difference) > 1 || one === other) return false;
  let start = 0;
  while (start < other.length && one[start] === other[start]) start += 1;
  const restOfOne = one.slice(start);
  const restOfOther = other.slice(start);
  if (difference === 1) return restOfOne.slice(1) === restOfOther;
  if (difference === -1) return restOfOne === restOfOther.slice(1);
  return restOfOne.slice(1) === restOfOther.slice(1) || (
    restOfOne[0] === restOfOther[1] && restOfOne[1] === restOfOther[0] &&
    restOfOne.slice(2) === restOfOther.slice(2)
  );
}
