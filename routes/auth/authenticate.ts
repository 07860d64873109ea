/**
 * Who sends a request, or the truth about why it cannot be told.
 *
 * @module
 */
import type { Principal, Scope } from "../../actors/ports.ts";
import type { ErrorCode } from "../../protocol/api.ts";
import type { Config } from "../../protocol/config.ts";
import type { KeyRing } from "./api_keys.ts";
import { credentialOf } from "./credentials.ts";
import { loopbackFault, type OriginRules } from "./origin.ts";

/** What authentication depends on. */
export interface AuthenticationRules extends OriginRules {
  /** Who may come in without a key, and whether `?apiKey=` is accepted. */
  readonly security: Config["security"];
  /** The accepted keys. */
  readonly keys: KeyRing;
}

/** Why nobody is let in with this request. */
export interface AuthenticationFault {
  /** The codes of the replaced service. */
  readonly code: Extract<ErrorCode, "API_KEY_MISSING" | "API_KEY_INVALID">;
  /** For people: what is wrong and what to do. */
  readonly message: string;
  /** The name of the key, when it is known and does not count here. */
  readonly keyName?: string;
}

/** The outcome of {@link authenticate}. */
export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly fault: AuthenticationFault };

const HOW_TO_SEND = "send a key as X-API-Key, as Authorization: Bearer, or from a page as the " +
  "subprotocol telemetry.key.{base64url}";

/** Finds out who sends a request. A wrong credential is never taken for none. */
export function authenticate(request: Request, rules: AuthenticationRules): Authentication {
  const secret = credentialOf(request, rules.security.allowQueryApiKey);
  return secret === undefined ? withoutKey(request, rules) : withKey(secret, request, rules);
}

function withKey(secret: string, request: Request, rules: AuthenticationRules): Authentication {
  const key = rules.keys.find(secret);
  if (key === undefined) return refuse("API_KEY_INVALID", "the key is not one of this gateway");
  const { principal, loopbackOnly } = key;
  const fault = loopbackOnly ? loopbackFault(request, rules) : undefined;
  if (fault === undefined) return { ok: true, principal };
  const message = `the ${principal.name} key does not count ${fault}; configure TELEMETRY_API_KEY`;
  return refuse("API_KEY_INVALID", message, principal.name);
}

function withoutKey(request: Request, rules: AuthenticationRules): Authentication {
  const { anonymousScopes, allowAnonymousRemote } = rules.security;
  if (anonymousScopes.length === 0) return refuse("API_KEY_MISSING", missing(request, rules));
  const fault = allowAnonymousRemote ? undefined : loopbackFault(request, rules);
  if (fault !== undefined) {
    const message = `clients without a key are not let in ${fault}, unless ` +
      `security.allowAnonymousRemote is on; ${HOW_TO_SEND}`;
    return refuse("API_KEY_MISSING", message);
  }
  const scopes = new Set<Scope>(anonymousScopes);
  return { ok: true, principal: { name: "anonymous", authenticated: false, scopes } };
}

function missing({ url, headers }: Request, { security }: AuthenticationRules): string {
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
