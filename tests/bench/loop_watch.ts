/**
 * Watches the event loop of a server from inside: loaded before it with `deno run --preload`. A timer
 * of 1 ms says how long the loop did not come round, and how much CPU the process used meanwhile: a
 * pause in which it used little was somebody else's on the same core. The longest of both are written
 * once in a while.
 *
 * @module
 */
import process from "node:process";

/** Time between two looks, in ms. */
const PARKED_POLL_MILLIS = 1;

/** Time between two reports, in ms. */
const REPORT_MILLIS = 250;

let lookedAt = performance.now();
let reportedAt = lookedAt;
let usedBefore = cpuMillis();
let longest = 0;
let busiest = 0;

function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const timer = setInterval(() => {
  const now = performance.now();
  const used = cpuMillis();
  longest = Math.max(longest, now - lookedAt);
  busiest = Math.max(busiest, used - usedBefore);
  lookedAt = now;
  usedBefore = used;
  if (now - reportedAt < REPORT_MILLIS) return;
  // deno-lint-ignore no-console -- the line is what the bench reads
  console.log(`longest pause ${longest.toFixed(2)} ms, most CPU ${busiest.toFixed(2)} ms`);
  longest = 0;
  busiest = 0;
  reportedAt = performance.now();
  lookedAt = reportedAt;
  usedBefore = cpuMillis();
}, PARKED_POLL_MILLIS);

Deno.unrefTimer(timer); // the server is loaded when nothing of this keeps the loop busy
