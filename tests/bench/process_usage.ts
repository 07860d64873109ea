/**
 * What a server has used, as the system counts it. Linux only.
 *
 * @module
 */

import type { TimeWindow } from "./row.ts";

/** What a process has used up to now. */
export interface Usage {
  /** CPU time of all its threads, in user and in system mode, in ms; the system counts in tens. */
  readonly cpuMillis: number;
  /** Resident memory in KiB. */
  readonly rssKib: number;
  /** How long its main thread was ready to run and had to wait for a core, in ms. */
  readonly waitedMillis: number;
  /** When it was read, monotonic ms. */
  readonly at: number;
  /** The same on the clock of the machine, seconds since its start, as profilers have it. */
  readonly uptimeSeconds: number;
}

/** Milliseconds in a clock tick of `/proc` (`getconf CLK_TCK` is 100 on every Linux of today). */
const TICK_MILLIS = 10;

/** Reads what a process has used. */
export function readUsage(pid: number): Usage {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in parentheses may contain spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    cpuMillis: (Number(fields[11]) + Number(fields[12])) * TICK_MILLIS,
    waitedMillis: waitedMillis(pid),
    rssKib: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]),
    at: performance.now(),
    uptimeSeconds: Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]),
  };
}

/** From `schedstat`, which not every kernel keeps; 0 without it. */
function waitedMillis(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** How long a server may wait for its core, as a share of the time, before the run is doubtful. */
const MAX_WAITING = 0.03;

/** Whether something else ran on the server's core, in words; empty when hardly anything did. */
export function disturbances(before: Usage, after: Usage): string[] {
  const waited = after.waitedMillis - before.waitedMillis;
  const share = waited / (after.at - before.at);
  return share <= MAX_WAITING
    ? []
    : [`waited ${(share * 100).toFixed(0)} % of the time for a core`];
}

/** What was measured between two readings, on the clock of the machine. */
export function windowOf(before: Usage, after: Usage): TimeWindow {
  return { fromSeconds: before.uptimeSeconds, toSeconds: after.uptimeSeconds };
}
