/**
 * Finds out who sends a request, or why that cannot be told.
 *
 * @module
 */
import type { Principal, Scope } from "../../actors/ports.ts";
import type { Config } from "../../protocol/config.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { ApiKey, KeyStore } from "./api_keys.ts";
import { credentialOf } from "./credentials.ts";
import { loopbackFault, type OriginRules } from "./origin.ts";

/** Why nobody is let in with this request. */
export interface AuthenticationFault {
  /** The codes of the replaced service. */
  readonly code: Extract<ErrorCode, "API_KEY_MISSING" | "API_KEY_INVALID">;
  /** For people: what is wrong and what to do. */
  readonly message: string;
  /** The name of the key, when it is known and not valid for this request. */
  readonly keyName?: string;
}

/** The outcome of {@link Authenticator.authenticate}. */
export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly fault: AuthenticationFault };

/** Tells who sends a request. */
export interface Authenticator {
  /**
   * Finds the principal of a request. A wrong credential is never taken for none.
   *
   * @param address The address of the client, without its port.
   * @returns A promise only when something has to be waited for: handshakes come in bursts, and a turn
   *   of the event loop for each is a cost.
   */
  authenticate(request: Request, address: string): Authentication | Promise<Authentication>;
}

/** What {@link KeyAuthenticator} depends on. */
export interface AuthenticationRules extends OriginRules {
  /** Who may come in without a key, and whether `?apiKey=` is accepted. */
  readonly security: Config["security"];
  /** The accepted keys. */
  readonly keys: KeyStore;
}

const HOW_TO_SEND = "send a key as X-API-Key, as Authorization: Bearer, or from a page as the " +
  "subprotocol telemetry.key.{base64url}";

/** Knows clients by their keys, and lets them in without one where that is configured. */
export class KeyAuthenticator implements Authenticator {
  readonly #rules: AuthenticationRules;
  readonly #anonymous: Principal;

  /** Applies the rules of a configuration. */
  constructor(rules: AuthenticationRules) {
    this.#rules = rules;
    const scopes = new Set<Scope>(rules.security.anonymousScopes);
    this.#anonymous = { name: "anonymous", authenticated: false, scopes };
  }

  /** {@inheritDoc Authenticator.authenticate} */
  authenticate(request: Request): Authentication | Promise<Authentication> {
    const { keys, security } = this.#rules;
    const secret = credentialOf(request, security.allowQueryApiKey);
    if (secret === undefined) return this.#withoutKey(request);
    return whenFound(keys.find(secret), (key) => this.#withKey(key, request));
  }

  #withKey(key: ApiKey | undefined, request: Request): Authentication {
    if (key === undefined) return refuse("API_KEY_INVALID", "the key is not one of this gateway");
    const { principal, loopbackOnly } = key;
    const fault = loopbackOnly ? loopbackFault(request, this.#rules) : undefined;
    if (fault === undefined) return { ok: true, principal };
    const message =
      `the ${principal.name} key does not count ${fault}; configure TELEMETRY_API_KEY`;
    return refuse("API_KEY_INVALID", message, principal.name);
  }

  #withoutKey(request: Request): Authentication {
    const { anonymousScopes, allowAnonymousRemote } = this.#rules.security;
    if (anonymousScopes.length === 0) {
      return refuse("API_KEY_MISSING", describeMissing(request, this.#rules));
    }
    const fault = allowAnonymousRemote ? undefined : loopbackFault(request, this.#rules);
    if (fault === undefined) return { ok: true, principal: this.#anonymous };
    const message = `clients without a key are not let in ${fault}, unless ` +
      `security.allowAnonymousRemote is on; ${HOW_TO_SEND}`;
    return refuse("API_KEY_MISSING", message);
  }
}

/** Calls `next` with a value: at once, or when the promise of it is fulfilled. */
export function whenFound<Value, Result>(
  value: Value | Promise<Value>,
  next: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function describeMissing({ url, headers }: Request, { security }: AuthenticationRules): string {
  if (!security.allowQueryApiKey && new URL(url).searchParams.has("apiKey")) {
    return `?apiKey= is switched off here (security.allowQueryApiKey); ${HOW_TO_SEND}`;
  }
  const authorization = headers.get("authorization") ?? "";
  if (authorization !== "") return `Authorization counts as Bearer alone; ${HOW_TO_SEND}`;
  return `a key is needed: ${HOW_TO_SEND}`;
}

function refuse(
  code: AuthenticationFault["code"],
  message: string,
  keyName?: string,
): Authentication {
  return { ok: false, fault: { code, message, ...(keyName !== undefined && { keyName }) } };
}
