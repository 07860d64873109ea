/**
 * Keeps the server and the load on cores of their own, where `taskset` is there and two cores are.
 *
 * @module
 */

/** The core of the server. */
const SERVER_CORE = "0";

/** The core of the load. */
const LOAD_CORE = "1";

let pinned = false;

/** What to put before the command line of a server. */
export function serverLauncher(): readonly string[] {
  return pinned ? ["taskset", "-c", SERVER_CORE] : [];
}

/**
 * Moves this process, all its threads, to the core of the load.
 *
 * @returns Whether it could.
 */
export async function pinLoad(): Promise<boolean> {
  if (navigator.hardwareConcurrency < 2) return false;
  try {
    const args = ["-a", "-p", "-c", LOAD_CORE, String(Deno.pid)];
    const { success } = await new Deno.Command("taskset", { args }).output();
    pinned = success;
  } catch {
    pinned = false;
  }
  return pinned;
}
