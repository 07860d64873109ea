/**
 * Where the keys file is.
 *
 * @module
 */
import { join } from "node:path";
import type { Config } from "../../../protocol/config.ts";

/** The path of the keys file: the configured one, or `keys.json` in the data directory. */
export function keysFilePath({ security, store }: Config): string {
  return security.keysFile ?? join(store.dataDir, "keys.json");
}
