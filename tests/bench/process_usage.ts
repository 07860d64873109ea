/**
 * What a server has used, as the system counts it. Linux only.
 *
 * @module
 */

/** What a process has used up to now. */
export interface Usage {
  /** CPU time of all its threads, in user and in system mode, in ms; the system counts in tens. */
  readonly cpuMillis: number;
  /** Resident memory in KiB. */
  readonly rssKib: number;
  /** When it was read, monotonic ms. */
  readonly at: number;
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
    rssKib: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]),
    at: performance.now(),
  };
}
