/**
 * Waiting on an injected clock.
 *
 * @module
 */
import type { Clock } from "./ports.ts";

/**
 * Waits for `ms` milliseconds or until the signal aborts, whichever comes first. Leaves neither a
 * timer nor a listener behind and never rejects; the caller checks the signal.
 */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.setTimeout(finish, ms);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
