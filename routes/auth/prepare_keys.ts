/**
 * Prepares the keys that a start accepts: those of the environment, those of the keys file, or on
 * loopback the development key.
 *
 * @module
 */
import { join } from "node:path";
import type { AuditLog } from "../../actors/audit/audit_log.ts";
import type { Clock, Logger } from "../../actors/ports.ts";
import { type Config, isLoopbackHost } from "../../protocol/config.ts";
import { formatKeys } from "../../protocol/keys/document.ts";
import { KeyError } from "../../protocol/keys/edits.ts";
import type { KeyRecord } from "../../protocol/keys/record.ts";
import { type ApiKey, apiKey } from "./api_keys.ts";
import { developmentKey } from "./development_key.ts";
import { auditKeyChanges } from "./keys/audit_changes.ts";
import { keysOf } from "./keys/edit_keys_file.ts";
import { FileKeyStore } from "./keys/key_store.ts";
import { DiskKeysFile, type KeysFile } from "./keys/keys_file.ts";
import { keysFilePath } from "./keys/keys_file_path.ts";

/** Keeps the keys of the file as they were read last, so that a start knows what changed since. */
export const SEEN_KEYS_FILE = "keys.seen.json";

/** What keys are prepared from. */
export interface KeySources {
  /** The options. */
  readonly config: Config;
  /** The configured key with every scope. */
  readonly apiKey?: string | undefined;
  /** The configured key with the scope metrics. */
  readonly metricsApiKey?: string | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Where it is written what changed. */
  readonly log: Logger;
  /** Shows a line to the person at the terminal; it is not a log. */
  readonly show: (line: string) => void;
}

/**
 * Makes the accepted keys. Writes the file of the development key when there is none and it counts.
 *
 * @throws {KeyError} When the keys file is broken.
 */
export async function prepareKeys(sources: KeySources): Promise<FileKeyStore> {
  const { config, clock, log } = sources;
  const file = new DiskKeysFile(keysFilePath(config));
  const fixed = await fixedKeys(sources, file);
  const before = await readSeen(config);
  return await FileKeyStore.open({ clock, log, file, fixed, before });
}

/** Records what changes, and remembers it for the next start. */
export function recordKeyChanges(
  keys: FileKeyStore,
  { config, log }: Pick<KeySources, "config" | "log">,
  audit: AuditLog,
): void {
  const seen = seenFile(config);
  keys.recordChanges((changes, by, records) => {
    auditKeyChanges(audit, changes, by, records);
    seen?.locked(() => seen.replace(formatKeys(records))).catch((error) => {
      log.warn("keys not remembered: the next start records these changes again", { error });
    });
  });
}

async function fixedKeys(
  { config, apiKey: secret, metricsApiKey, show }: KeySources,
  file: KeysFile,
): Promise<ApiKey[]> {
  const fixed: ApiKey[] = [];
  if (secret !== undefined) fixed.push(apiKey("default", secret));
  if (metricsApiKey !== undefined) {
    fixed.push(apiKey("metrics", metricsApiKey, { scopes: new Set(["metrics"]) }));
  }
  const isConfigured = secret !== undefined || config.security.keysFile !== undefined;
  if (isConfigured || !isLoopbackHost(config.server.host)) return fixed;
  if (await file.stat() !== undefined) return fixed;
  const key = await developmentKey(config.store.dataDir);
  show(
    key.created
      ? `Development key, shown once and kept in ${key.path}: ${key.secret}`
      : `Development key: see ${key.path}`,
  );
  return [...fixed, apiKey("development", key.secret, { loopbackOnly: true })];
}

/** Nothing is remembered beside a store in memory: there may be no directory for it. */
function seenFile({ store }: Config): DiskKeysFile | undefined {
  return store.kind === "memory"
    ? undefined
    : new DiskKeysFile(join(store.dataDir, SEEN_KEYS_FILE));
}

/** The keys as they were read last; none when nothing is remembered, or nothing that can be read. */
async function readSeen(config: Config): Promise<readonly KeyRecord[] | undefined> {
  const seen = seenFile(config);
  if (seen === undefined) return undefined;
  try {
    return keysOf(await seen.read(), seen.path);
  } catch (error) {
    if (error instanceof KeyError) return [];
    throw error;
  }
}
