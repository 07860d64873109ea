/**
 * The accepted keys and their principals.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Principal } from "../../actors/ports.ts";
import { type Scope, SCOPES } from "../../protocol/scopes.ts";

/** Every scope. */
export const ALL_SCOPES: ReadonlySet<Scope> = new Set(SCOPES);

/** A secret of a key that is accepted, and what it opens. The secret itself is not kept. */
export interface ApiKey {
  /** The principal of its holder. */
  readonly principal: Principal;
  /** SHA-256 of the secret. */
  readonly digest: Buffer;
  /** The short public id of the secret: {@link secretIdOf} of its digest. */
  readonly secretId: string;
  /** Whether it counts on loopback alone, as the development key does. */
  readonly loopbackOnly: boolean;
}

/** What a key may do, beside its name. */
export interface ApiKeyOptions extends Partial<Omit<Principal, "name" | "secretId">> {
  /** Whether it counts on loopback alone. Default: no. */
  readonly loopbackOnly?: boolean;
}

/** The digest under which a secret is kept and looked up: its SHA-256. */
export function digestOfSecret(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

/**
 * The short id by which logs, lists and commands name a secret: the first 8 hex digits of the SHA-256
 * of its digest, so that it says nothing of the digest itself.
 */
export function secretIdOf(digest: Uint8Array): string {
  return hash("sha256", digest, "hex").slice(0, 8);
}

/** Makes a key of a secret. */
export function apiKey(name: string, secret: string, options: ApiKeyOptions = {}): ApiKey {
  return apiKeyOfDigest(name, digestOfSecret(secret), options);
}

/** Makes a key of the digest of a secret. */
export function apiKeyOfDigest(name: string, digest: Buffer, options: ApiKeyOptions = {}): ApiKey {
  const { loopbackOnly = false, ...rights } = options;
  const secretId = secretIdOf(digest);
  const principal = { authenticated: true, scopes: ALL_SCOPES, ...rights, name, secretId };
  return { principal, digest, secretId, loopbackOnly };
}

/** Where keys are looked up. */
export interface KeyStore {
  /**
   * Finds the key of a secret, if it is valid now.
   *
   * @returns A promise only when it has to be looked for elsewhere.
   */
  find(secret: string): ApiKey | undefined | Promise<ApiKey | undefined>;
  /**
   * A key as it stands now, for what was given out for it earlier: connections, sessions, tickets.
   *
   * @param name The name of the key.
   * @param secretId The short id of the secret that was presented.
   * @returns `undefined` when the key or this secret of it is not valid any more.
   */
  current(name: string, secretId: string): ApiKey | undefined;
  /**
   * Calls after keys were added, changed, revoked, or have expired.
   *
   * @returns What ends the calls.
   */
  onChange(listener: () => void): () => void;
}

/**
 * Keys that do not change while the process runs. Secrets are looked up by their digest and never
 * compared, so the time that it takes says nothing about a secret.
 */
export class KeyRing implements KeyStore {
  readonly #byDigest: ReadonlyMap<string, ApiKey>;

  /** Takes the accepted keys. */
  constructor(keys: readonly ApiKey[]) {
    this.#byDigest = new Map(keys.map((key) => [key.digest.toString("hex"), key]));
  }

  /** {@inheritDoc KeyStore.find} */
  find(secret: string): ApiKey | undefined {
    return this.#byDigest.get(hash("sha256", secret, "hex"));
  }

  /** {@inheritDoc KeyStore.current} */
  current(name: string, secretId: string): ApiKey | undefined {
    for (const key of this.#byDigest.values()) {
      if (key.secretId === secretId && key.principal.name === name) return key;
    }
    return undefined;
  }

  /** {@inheritDoc KeyStore.onChange} */
  onChange(): () => void {
    return () => {};
  }
}
