/**
 * The bounds of the stored audit.
 *
 * Below `actors/store`, since the thread of the store imports them: `deno task start` grants it to
 * read no other folder.
 *
 * @module
 */

/** Most rows that are kept. */
export const MAX_AUDIT_ROWS = 100_000;

/** How long a row is kept, in ms: 90 days. */
export const AUDIT_KEPT_MILLIS: number = 90 * 86_400_000;
