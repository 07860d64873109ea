/**
 * What is done to keys: made, rotated, revoked. Each edit takes the keys of a file and returns those
 * that come after.
 *
 * @module
 */
import type { ErrorCode } from "../errors.ts";
import {
  type KeyDraft,
  type KeyRecord,
  MAX_KEYS,
  MAX_SECRETS,
  RESERVED_NAMES,
  type SecretRecord,
} from "./record.ts";

/** Why keys are not changed. */
export class KeyError extends Error {
  /** {@inheritDoc Error.name} */
  override readonly name = "KeyError";
  /** What kind of fault it is. */
  readonly code: Extract<ErrorCode, `KEY${string}`>;

  /** Takes a code of the catalogue, and what is wrong and what to do for people. */
  constructor(code: KeyError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** An edit of the keys of a file. It throws {@link KeyError} when it cannot be made. */
export type KeyEdit = (keys: readonly KeyRecord[]) => readonly KeyRecord[];

/** Adds a key. */
export function createKey(draft: KeyDraft, secret: SecretRecord, now: number): KeyEdit {
  return (keys) => {
    const { name } = draft;
    if (keys.some((key) => key.name === name)) {
      throw new KeyError("KEY_EXISTS", `there is a key ${name}; rotate it, or revoke it first`);
    }
    if (keys.length >= MAX_KEYS) {
      throw new KeyError("KEY_LIMIT", `the file has ${MAX_KEYS} keys; revoke those not in use`);
    }
    const { expiresAt, ...rights } = draft;
    const createdAt = new Date(now).toISOString();
    const expiry = expiresAt === undefined ? {} : { expiresAt };
    return [...keys, { ...rights, ...expiry, createdAt, secrets: [secret] }];
  };
}

/** Gives a key a second secret, which is valid beside the first until that is revoked. */
export function rotateKey(name: string, secret: SecretRecord): KeyEdit {
  return (keys) =>
    replaceKey(keys, name, (key) => {
      if (key.secrets.length < MAX_SECRETS) return { ...key, secrets: [...key.secrets, secret] };
      const ids = key.secrets.map(({ id }) => id).join(" and ");
      throw new KeyError("KEY_LIMIT", `${name} has the secrets ${ids}; revoke one of them first`);
    });
}

/** Removes a key with all its secrets. */
export function revokeKey(name: string): KeyEdit {
  return (keys) => {
    const rest = keys.filter((key) => key.name !== name);
    if (rest.length === keys.length) throw notFound(name, keys);
    return rest;
  };
}

/** Removes one of the secrets of a key. */
export function revokeSecret(name: string, id: string): KeyEdit {
  return (keys) =>
    replaceKey(keys, name, (key) => {
      const secrets = key.secrets.filter((secret) => secret.id !== id);
      if (secrets.length === key.secrets.length) {
        const ids = key.secrets.map((secret) => secret.id).join(" and ");
        throw new KeyError("KEY_NOT_FOUND", `${name} has no such secret; it has ${ids}`);
      }
      if (secrets.length > 0) return { ...key, secrets };
      const message = `${id} is the only secret of ${name}; revoke the key, or rotate it first`;
      throw new KeyError("KEY_LIMIT", message);
    });
}

function replaceKey(
  keys: readonly KeyRecord[],
  name: string,
  change: (key: KeyRecord) => KeyRecord,
): readonly KeyRecord[] {
  if (!keys.some((key) => key.name === name)) throw notFound(name, keys);
  return keys.map((key) => key.name === name ? change(key) : key);
}

function notFound(name: string, keys: readonly KeyRecord[]): KeyError {
  if (RESERVED_NAMES.has(name)) {
    const message = `${name} is no key of the keys file; it changes where it is configured`;
    return new KeyError("KEY_NOT_FOUND", message);
  }
  const known = keys.slice(0, 20).map((key) => key.name).join(", ");
  const more = keys.length > 20 ? ", …" : "";
  const hint = keys.length === 0 ? "the file has none" : `there are ${known}${more}`;
  return new KeyError("KEY_NOT_FOUND", `no key ${name} in the keys file; ${hint}`);
}
