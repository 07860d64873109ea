/**
 * Prepares the keys that a start accepts: the configured one, or on loopback the development key.
 *
 * @module
 */
import { type Config, isLoopbackHost } from "../../protocol/config.ts";
import { apiKey, KeyRing } from "./api_keys.ts";
import { developmentKey } from "./development_key.ts";

/**
 * Makes the accepted keys. Writes the file of the development key when there is none.
 *
 * @param secret The configured key; `undefined` when there is none.
 * @param show Shows a line to the person at the terminal; it is not a log.
 */
export async function prepareKeys(
  config: Config,
  secret: string | undefined,
  show: (line: string) => void,
): Promise<KeyRing> {
  if (secret !== undefined) return new KeyRing([apiKey("default", secret)]);
  if (!isLoopbackHost(config.server.host)) return new KeyRing([]);
  const key = await developmentKey(config.store.dataDir);
  show(
    key.created
      ? `Development key, shown once and kept in ${key.path}: ${key.secret}`
      : `Development key: see ${key.path}`,
  );
  return new KeyRing([apiKey("development", key.secret, { loopbackOnly: true })]);
}
