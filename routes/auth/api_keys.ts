/**
 * The accepted keys and their principals.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { hash, timingSafeEqual } from "node:crypto";
import type { Principal } from "../../actors/ports.ts";
import { type Scope, SCOPES } from "../../protocol/scopes.ts";

/** Every scope. */
export const ALL_SCOPES: ReadonlySet<Scope> = new Set(SCOPES);

/** A key that is accepted. Its secret is not kept. */
export interface ApiKey {
  /** The principal of its holder. */
  readonly principal: Principal;
  /** SHA-256 of the secret. */
  readonly digest: Buffer;
  /** Whether it counts on loopback alone, as the development key does. */
  readonly loopbackOnly: boolean;
}

/** Makes a key of a secret. */
export function apiKey(
  name: string,
  secret: string,
  options: { readonly scopes?: ReadonlySet<Scope>; readonly loopbackOnly?: boolean } = {},
): ApiKey {
  const { scopes = ALL_SCOPES, loopbackOnly = false } = options;
  const principal = { name, authenticated: true, scopes };
  return { principal, digest: sha256(secret), loopbackOnly };
}

/** Where keys are looked up. */
export interface KeyStore {
  /**
   * Finds the key of a secret.
   *
   * @returns A promise only when it has to be looked for elsewhere.
   */
  find(secret: string): ApiKey | undefined | Promise<ApiKey | undefined>;
}

/** Keys that do not change while the process runs. */
export class KeyRing implements KeyStore {
  readonly #keys: readonly ApiKey[];

  /** Takes the accepted keys. */
  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys;
  }

  /** Finds the key of a secret in constant time, whichever key matches or none. */
  find(secret: string): ApiKey | undefined {
    const digest = sha256(secret);
    let found: ApiKey | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found;
  }
}

function sha256(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
