/**
 * Reads and edits a keys file as commands do, without a gateway.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { formatKeys, parseKeys } from "../../../protocol/keys/document.ts";
import { type KeyEdit, KeyError } from "../../../protocol/keys/edits.ts";
import type { KeyRecord, SecretRecord } from "../../../protocol/keys/record.ts";
import { digestOfSecret, secretIdOf } from "../api_keys.ts";
import type { KeysFile } from "./keys_file.ts";

/** Bytes of a secret: it cannot be guessed, so one round of SHA-256 is enough to keep it. */
const SECRET_BYTES = 32;

/** How secrets begin, so that scanners of repositories and logs can find them. */
const SECRET_PREFIX = "tgk_";

/** A secret that was made just now. */
export interface NewSecret {
  /** Shown once, to whom it was made for. Never logged, never kept. */
  readonly secret: string;
  /** What is kept of it. */
  readonly record: SecretRecord;
}

/** Makes a secret. @param now Epoch ms. */
export function makeSecret(now: number): NewSecret {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = SECRET_PREFIX + Buffer.from(bytes).toString("base64url");
  const digest = digestOfSecret(secret);
  const createdAt = new Date(now).toISOString();
  return {
    secret,
    record: { id: secretIdOf(digest), sha256: digest.toString("hex"), createdAt },
  };
}

/** The short id of a secret of which the file keeps the digest in hex. */
export function secretIdOfHex(sha256: string): string {
  return secretIdOf(Buffer.from(sha256, "hex"));
}

/**
 * Reads the keys of a text.
 *
 * @param path Of the file, for the message.
 * @throws {KeyError} `KEYS_FILE_INVALID`, which names the line.
 */
export function readKeys(text: string, path: string): readonly KeyRecord[] {
  const result = parseKeys(text, secretIdOfHex);
  if (result.ok) return result.keys;
  throw new KeyError("KEYS_FILE_INVALID", `${path}:${result.line}: ${result.message}`);
}

/** As {@link readKeys}; a file that does not exist or is empty has no keys. */
export function keysOf(text: string | undefined, path: string): readonly KeyRecord[] {
  return text === undefined || text.trim() === "" ? [] : readKeys(text, path);
}

/**
 * Edits a keys file under its lock. A file that is not there is made.
 *
 * @returns The keys after it.
 * @throws {KeyError} When the edit cannot be made, or the file cannot be read or replaced.
 */
export function editKeysFile(file: KeysFile, edit: KeyEdit): Promise<readonly KeyRecord[]> {
  return file.locked(async () => {
    const keys = edit(keysOf(await file.read(), file.path));
    await file.replace(formatKeys(keys));
    return keys;
  });
}
