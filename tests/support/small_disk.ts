/**
 * Disks that fill up and files that cannot be written, where the machine permits them.
 *
 * @module
 */
import { TempDir } from "./store_fixture.ts";

/** Runs a program of the machine; false when it fails or does not exist. */
export function succeeds(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Whether a small disk can be mounted here. */
export const MAY_MOUNT: boolean = ((): boolean => {
  using directory = new TempDir();
  const mounted = succeeds("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory.path);
  return mounted && succeeds("umount", directory.path);
})();

/** Whether files can be made immutable here, which binds even root. */
export const MAY_FREEZE: boolean = ((): boolean => {
  using directory = new TempDir();
  return succeeds("chattr", "+i", directory.path) && succeeds("chattr", "-i", directory.path);
})();

/** What to add to the name of a test that needs {@link MAY_MOUNT}. */
export const withoutMount: string = MAY_MOUNT ? "" : " (skipped: needs the right to mount a tmpfs)";

/** What to add to the name of a test that needs {@link MAY_FREEZE}. */
export const withoutFreeze: string = MAY_FREEZE ? "" : " (skipped: needs chattr +i)";

/** A disk of its own; disposing of it removes it with everything on it. */
export class SmallDisk implements Disposable {
  readonly #directory = new TempDir();

  /** Mounts it. */
  constructor(bytes: number) {
    if (succeeds("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", this.path)) return;
    this.#directory[Symbol.dispose]();
    throw new Error("the small disk cannot be mounted");
  }

  /** Where it is mounted. */
  get path(): string {
    return this.#directory.path;
  }

  /** Takes room away from everything else. */
  occupy(bytes: number): void {
    Deno.writeFileSync(`${this.path}/ballast`, new Uint8Array(bytes));
  }

  /** Gives the room back. */
  free(): void {
    Deno.removeSync(`${this.path}/ballast`);
  }

  /** Unmounts it; what still has files open there keeps them until it ends. */
  [Symbol.dispose](): void {
    if (!succeeds("umount", this.path)) succeeds("umount", "--lazy", this.path);
    this.#directory[Symbol.dispose]();
  }
}

/** Runs `work` while files or directories are immutable. */
export async function whileFrozen(paths: readonly string[], work: () => unknown): Promise<void> {
  if (!succeeds("chattr", "+i", ...paths)) throw new Error("chattr +i failed");
  try {
    await work();
  } finally {
    succeeds("chattr", "-i", ...paths); // Where this fails the directory cannot be removed.
  }
}
