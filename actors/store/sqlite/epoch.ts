/**
 * When a sequence must change its identity.
 *
 * A killed process loses nothing: what SQLite wrote is in the memory of the operating system. When
 * the machine itself stops, commits of `process` durability that had not reached the disk are gone,
 * though clients may have seen their numbers; going on within the same epoch would give those numbers
 * to other events. So a start compares the boot id of the machine with the one that the last run
 * stored. Linux has it in `/proc/sys/kernel/random/boot_id`, which Deno lets a process
 * read only with all permissions; whatever starts the gateway therefore passes it on (`store.bootId`).
 *
 * @module
 */

/** What a committed event survives: the end of the process, or of the machine as well. */
export type Durability = "process" | "power";

/** The last run of a gateway on a store. */
export interface StoreRun {
  /** How its commits were written. */
  readonly durability: Durability;
  /** The boot of the machine that it ran in; empty when unknown. */
  readonly bootId: string;
  /** Whether it was closed in order. */
  readonly clean: boolean;
}

/**
 * Why an epoch was begun.
 *
 * - `machine_stopped`: the machine has started anew since an unclean stop.
 * - `unknown_boot`: after an unclean stop it is unknown whether it has.
 * - `file_replaced`: the store was removed or exchanged under the last gateway.
 */
export type RotationReason = "machine_stopped" | "unknown_boot" | "file_replaced";

/**
 * Whether numbers that clients have seen may be lost.
 *
 * @param previous The last run on the store.
 * @param bootId The present boot of the machine; empty when unknown.
 * @returns Why the epoch must change; `undefined` when it goes on.
 */
export function rotationReason(previous: StoreRun, bootId: string): RotationReason | undefined {
  if (previous.clean || previous.durability === "power") return undefined;
  if (previous.bootId === "" || bootId === "") return "unknown_boot";
  return previous.bootId === bootId ? undefined : "machine_stopped";
}
