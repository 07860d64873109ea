/**
 * Faults of an event that is not valid.
 *
 * @module
 */

/** How many faults one answer names; reading stops there. */
export const MAX_REPORTED_FAULTS = 100;

/** One thing that is wrong with a published event. */
export interface Fault {
  /** Where: `events[1].data.price`. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** Longest key that a path names in full, in characters: keys of payloads may have any length. */
const MAX_KEY_LENGTH = 256;

/** Writes a path the way people do: `a.b[2].c`. A long key is clipped. */
export function joinPath(path: string, part: PropertyKey): string {
  if (typeof part === "number") return `${path}[${part}]`;
  const key = String(part);
  const name = key.length <= MAX_KEY_LENGTH
    ? key
    : `${key.slice(0, MAX_KEY_LENGTH - 1).toWellFormed()}…`;
  return path === "" ? name : `${path}.${name}`;
}
