/**
 * What is different between two states of the keys, for logs and records.
 *
 * @module
 */
import type { KeyRecord } from "./record.ts";

/** One difference. */
export interface KeyChange {
  /** What was done. */
  readonly kind: "created" | "changed" | "revoked" | "secret added" | "secret revoked";
  /** The name of the key. */
  readonly name: string;
  /** The secret that was added or revoked. */
  readonly secretId?: string;
}

/** Lists what was done to `before` to get `after`, in the order of names. */
export function compareKeys(
  before: readonly KeyRecord[],
  after: readonly KeyRecord[],
): KeyChange[] {
  const old = new Map(before.map((key) => [key.name, key]));
  const changes: KeyChange[] = [];
  for (const key of after) {
    const { name } = key;
    const previous = old.get(name);
    old.delete(name);
    if (previous === undefined) {
      changes.push({ kind: "created", name });
      continue;
    }
    if (rightsOf(previous) !== rightsOf(key)) changes.push({ kind: "changed", name });
    for (const secretId of missingFrom(previous, key)) {
      changes.push({ kind: "secret added", name, secretId });
    }
    for (const secretId of missingFrom(key, previous)) {
      changes.push({ kind: "secret revoked", name, secretId });
    }
  }
  for (const name of old.keys()) changes.push({ kind: "revoked", name });
  return changes.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** The rights of a key, comparable as text: the order of lists means nothing. */
export function rightsOf(key: KeyRecord): string {
  const { scopes, channels, traders, portfolio = false, rateLimitPerSecond, expiresAt } = key;
  const sorted = (list?: readonly string[]) => list && [...new Set(list)].sort();
  const instant = expiresAt && Date.parse(expiresAt);
  return JSON.stringify(
    [sorted(scopes), sorted(channels), sorted(traders), portfolio, rateLimitPerSecond, instant],
  );
}

/** Ids of the secrets of `key` that `other` does not have. */
function missingFrom(other: KeyRecord, key: KeyRecord): string[] {
  return key.secrets.filter(({ sha256 }) => !other.secrets.some((one) => one.sha256 === sha256))
    .map(({ id }) => id);
}
