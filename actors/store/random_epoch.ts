/**
 * Random epochs.
 *
 * @module
 */

/** A sequence identity that nothing else has: 48 random bits, in hex. */
export function randomEpoch(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}
