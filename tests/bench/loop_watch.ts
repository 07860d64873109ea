/**
 * Watches the event loop of a server from inside: loaded before it with `deno run --preload`. A timer
 * of 1 ms says how long the loop did not come round; the longest pause is written once in a while.
 *
 * @module
 */

/** Time between two looks, in ms. */
const LOOK_MILLIS = 1;

/** Time between two reports, in ms. */
const REPORT_MILLIS = 250;

let lookedAt = performance.now();
let reportedAt = lookedAt;
let longest = 0;

const timer = setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - lookedAt);
  lookedAt = now;
  if (now - reportedAt < REPORT_MILLIS) return;
  // deno-lint-ignore no-console -- the line is what the bench reads
  console.log(`longest pause ${longest.toFixed(2)} ms`);
  longest = 0;
  reportedAt = performance.now();
  lookedAt = reportedAt;
}, LOOK_MILLIS);

Deno.unrefTimer(timer); // the server is loaded when nothing of this keeps the loop busy
