/**
 * Writes the screen once per animation frame, however many frames come from the gateway.
 *
 * @module
 */
import { batch } from "@preact/signals";

const jobs = new Set<() => void>();
let scheduled = false;

/** Runs a job in the next animation frame, once, however often it is asked for before. */
export function inNextFrame(job: () => void): void {
  jobs.add(job);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(run);
}

function run(): void {
  scheduled = false;
  const due = [...jobs];
  jobs.clear();
  batch(() => {
    for (const job of due) job();
  });
}
