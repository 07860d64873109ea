/**
 * Distinguishes a client that disconnected during its upload from an error of the gateway.
 *
 * @module
 */

/**
 * Whether an error is what the runtime throws from the body of a request whose connection is gone:
 * `Http` up to Deno 2.8.2, `BadResource` in 2.9; only its message tells it from others.
 */
export function isAbortedUpload(error: unknown): boolean {
  const { BadResource, Http } = Deno.errors;
  return (error instanceof Http || error instanceof BadResource) &&
    /\bbody\b.*(?:from connection|resource unavailable)/.test(error.message);
}
