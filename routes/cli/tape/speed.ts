/**
 * How fast a tape may be played.
 *
 * @module
 */

/** Highest speed that still keeps a schedule; beyond it use `max`. */
export const MAX_SPEED = 1_000_000;
