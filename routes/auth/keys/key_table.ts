/**
 * One state of the keys, ready to be looked up.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { rightsOf } from "../../../protocol/keys/changes.ts";
import type { KeyRecord } from "../../../protocol/keys/record.ts";
import { type ApiKey, apiKeyOfDigest, type ApiKeyOptions } from "../api_keys.ts";

/** A key and until when it is valid. */
interface Entry {
  readonly key: ApiKey;
  /** Epoch ms; `Infinity` when it does not expire. */
  readonly expiresAt: number;
  /** What it was made from, to tell whether it is another one. */
  readonly rights: string;
}

/** Keys by digest, and by name and secret. It does not change. */
export class KeyTable {
  readonly #byDigest = new Map<string, Entry>();
  readonly #byName = new Map<string, Entry>();

  /**
   * Takes keys that do not change, which go first, and those of the file.
   *
   * @param previous What is the same in both keeps its {@link ApiKey}, so that who holds one sees by
   *   its identity whether it changed.
   */
  constructor(fixed: readonly ApiKey[], keys: readonly KeyRecord[], previous?: KeyTable) {
    for (const key of fixed) {
      this.#add(key.digest.toString("hex"), { key, expiresAt: Infinity, rights: "" });
    }
    for (const record of keys) {
      const rights = rightsOf(record);
      const expiresAt = record.expiresAt === undefined ? Infinity : Date.parse(record.expiresAt);
      for (const { sha256 } of record.secrets) {
        const before = previous === undefined ? undefined : previous.#byDigest.get(sha256);
        const isSame = before?.rights === rights && before.key.principal.name === record.name;
        this.#add(sha256, isSame ? before : { key: keyOf(record, sha256), expiresAt, rights });
      }
    }
  }

  /** The key of a digest in hex, if it is valid at a time. */
  find(sha256: string, epochMillis: number): ApiKey | undefined {
    return valid(this.#byDigest.get(sha256), epochMillis);
  }

  /** The key of a name and the id of one of its secrets, if it is valid at a time. */
  current(name: string, secretId: string, epochMillis: number): ApiKey | undefined {
    return valid(this.#byName.get(`${secretId} ${name}`), epochMillis);
  }

  #add(sha256: string, entry: Entry): void {
    if (this.#byDigest.has(sha256)) return;
    this.#byDigest.set(sha256, entry);
    this.#byName.set(`${entry.key.secretId} ${entry.key.principal.name}`, entry);
  }
}

function valid(entry: Entry | undefined, epochMillis: number): ApiKey | undefined {
  return entry !== undefined && epochMillis < entry.expiresAt ? entry.key : undefined;
}

function keyOf(record: KeyRecord, sha256: string): ApiKey {
  const { channels, traders, portfolio, rateLimitPerSecond } = record;
  const options: ApiKeyOptions = {
    scopes: new Set(record.scopes),
    ...(channels !== undefined && { channels: new Set(channels) }),
    ...(traders !== undefined && { traders: new Set(traders) }),
    ...(portfolio !== undefined && { portfolio }),
    ...(rateLimitPerSecond !== undefined && { rateLimitPerSecond }),
  };
  return apiKeyOfDigest(record.name, Buffer.from(sha256, "hex"), options);
}
