/**
 * Keys of events that end the thread of `mortal_engine_worker.ts`.
 *
 * @module
 */

/** Ends the thread instead of committing. */
export const DIE_BEFORE = "die-before";

/** Ends the thread after the commit, before its answer. */
export const DIE_AFTER = "die-after";

/** Ends the thread after the answer. */
export const DIE_IDLE = "die-idle";
