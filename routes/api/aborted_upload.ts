/**
 * Tells a client that left during its upload from a failure of ours.
 *
 * @module
 */

/**
 * Whether an error is what the runtime throws from the body of a request whose connection is gone:
 * `Http` up to Deno 2.8.2, `BadResource` in 2.9; it has no better mark than its text.
 */
export function isAbortedUpload(error: unknown): boolean {
  const { BadResource, Http } = Deno.errors;
  return (error instanceof Http || error instanceof BadResource) &&
    /\bbody\b.*(?:from connection|resource unavailable)/.test(error.message);
}
