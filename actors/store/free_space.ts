/**
 * Room on a disk, and sizes as people read them.
 *
 * @module
 */
import { statfsSync } from "node:fs";

/**
 * Bytes that may still be written where a path is; `undefined` when the permission `sys` of Deno does
 * not cover `statfs`, or the system does not say.
 */
export function freeBytes(path: string): number | undefined {
  // Asked first, as Deno would ask the person at the terminal.
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "statfs" });
  if (state !== "granted") return undefined;
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Bytes as people read them. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576).toLocaleString("en")} MiB`;
}
