/**
 * What keys may be allowed to do.
 *
 * @module
 */

/** Every scope. */
export const SCOPES = ["subscribe", "publish", "acknowledge", "admin", "metrics"] as const;

/** What a key may be allowed to do. */
export type Scope = (typeof SCOPES)[number];
