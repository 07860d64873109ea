/**
 * What the system knows of a process; Linux only, and needs all permissions.
 *
 * @module
 */

/** Resident memory of a process in MiB. */
export async function residentMebibytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}

/** Open descriptors of a process. */
export async function openDescriptors(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/** CPU time that a process has used, in ms. */
export async function cpuMillis(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in parentheses may contain spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** One check of a script: what should hold, and whether it does. */
export interface Check {
  readonly what: string;
  readonly holds: boolean;
}

/** Prints a verdict for each check, and ends the process with 1 when one does not hold. */
export function conclude(checks: readonly Check[], print: (line: string) => void): void {
  for (const { what, holds } of checks) print(`${holds ? "ok    " : "FAILED"} ${what}`);
  if (checks.some(({ holds }) => !holds)) Deno.exitCode = 1;
}
