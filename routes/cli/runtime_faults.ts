/**
 * What is known to be wrong with the HTTP server of some versions of Deno, for the warning at the
 * start. `tests/runtime_test.ts` checks each line on the version that runs the tests.
 *
 * @module
 */
import type { Logger } from "../../actors/ports.ts";

/** The version to run on: the newest one without a known fault. */
export const SOUND_DENO = "2.8.2";

/** What can be wrong. */
export type RuntimeFault =
  | "refuses handshakes with Content-Length: 0"
  | "refuses requests that offer h2c"
  | "leaks a descriptor for every handshake that its client resets"
  | "closes connections after bodies of 500 bytes"
  | "fails bodies that arrive during a shutdown";

/** The versions with a fault. */
interface FaultyVersions {
  /** The first one. */
  readonly since: string;
  /** The first one after it without the fault; absent while there is none. */
  readonly fixedIn?: string;
}

/**
 * Measured on 2.4.2, 2.8.2, 2.8.3, 2.9.0, 2.9.3, 2.9.5 and 2.9.6. A newer version is taken to have what
 * was not fixed before it, until the test says otherwise.
 */
export const RUNTIME_FAULTS: Readonly<Record<RuntimeFault, FaultyVersions>> = {
  "refuses handshakes with Content-Length: 0": { since: "2.8.3" },
  "refuses requests that offer h2c": { since: "2.8.3" },
  "leaks a descriptor for every handshake that its client resets": { since: "2.8.3" },
  "closes connections after bodies of 500 bytes": { since: "2.8.3", fixedIn: "2.9.6" },
  "fails bodies that arrive during a shutdown": { since: "2.9.6" },
};

/** The faults that a version of Deno is known to have, such as `2.9.6`. */
export function runtimeFaults(version: string): readonly RuntimeFault[] {
  const faults = Object.entries(RUNTIME_FAULTS) as [RuntimeFault, FaultyVersions][];
  return faults
    .filter(([, { since, fixedIn }]) =>
      compareVersions(version, since) >= 0 &&
      (fixedIn === undefined || compareVersions(version, fixedIn) < 0)
    )
    .map(([fault]) => fault);
}

/** Compares `major.minor.patch`; what follows a hyphen or plus sign does not count. */
function compareVersions(one: string, other: string): number {
  const parts = numbersOf(other);
  const difference = numbersOf(one)
    .map((number, index) => number - (parts[index] ?? 0))
    .find((number) => number !== 0);
  return difference ?? 0;
}

function numbersOf(version: string): readonly number[] {
  return (version.split(/[-+]/)[0] ?? "").split(".").map(Number);
}

/** Warns in one line when a version of Deno has known faults; the gateway serves all the same. */
export function warnOfRuntime(version: string, log: Logger): void {
  const faults = runtimeFaults(version);
  if (faults.length === 0) return;
  log.warn("this version of Deno has known faults", {
    deno: version,
    faults: faults.join("; "),
    use: SOUND_DENO,
  });
}
