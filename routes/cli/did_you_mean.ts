/**
 * Finds the known name that is closest to a mistyped one.
 *
 * @module
 */

/** Largest share of wrong characters in a name that still counts as a typing error. */
const MAX_WRONG_SHARE = 0.4;

/**
 * The candidate closest to `name`, or `undefined` when none is close. Case does not count; a
 * candidate that ends with the name (`server.port` for `port`, `--demo-seed` for `--seed`) is as
 * close as can be.
 */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length * MAX_WRONG_SHARE)) + 1;
  for (const candidate of candidates) {
    const distance = endsWithWord(candidate.toLowerCase(), wanted.replace(/^-+/, ""))
      ? 0
      : editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function endsWithWord(text: string, word: string): boolean {
  return word !== "" && (text.endsWith(`.${word}`) || text.endsWith(`-${word}`));
}

/** `; did you mean X?`, or nothing when nothing is close. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const meant = closest(name, candidates);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, before[column - 2]! + 1);
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return previous[to.length]!;
}
