/**
 * Whose rights a session or a ticket carries.
 *
 * @module
 */

/**
 * A principal and the secret that it presented. What it may do is looked up each time, so that a key
 * that was narrowed or revoked counts at once.
 */
export interface Grant {
  /** The name of the key; that of the anonymous principal without one. */
  readonly name: string;
  /** The short id of the secret; absent for the anonymous principal. */
  readonly secretId?: string;
  /** The public id of the session that a ticket was asked for with; it ends with that. */
  readonly sessionId?: string;
}

/** Why there is no further session or ticket: which limit was reached. */
export type LimitReached = "key" | "all";
