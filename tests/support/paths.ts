/**
 * Paths of the project and of the data that tests read when it is there.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The path that a `file:` URL names. */
export function fromFileUrl(url: URL): string {
  return fileURLToPath(url);
}

/** The path of a file of the project, named from its root. */
export function projectPath(path: string): string {
  return fromFileUrl(new URL(`../../${path}`, import.meta.url));
}

/** The real tape; it is not part of the project and may be absent. */
export const TAPE_FILE: string = projectPath("../shared/data/binance-futures-btcusdt-trades.csv");

/** Whether a file can be read. */
export function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
