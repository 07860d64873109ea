/**
 * Finds out who sends a request, or why that cannot be told.
 *
 * @module
 */
import type { Access } from "../../actors/access/access.ts";
import type { Grant } from "../../actors/access/grant.ts";
import type { Principal, Scope } from "../../actors/ports.ts";
import type { Config } from "../../protocol/config.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { ApiKey, KeyStore } from "./api_keys.ts";
import { headerKeyOf, queryKeyOf, queryTicketOf } from "./credentials.ts";
import { loopbackFault, type OriginRules } from "./origin.ts";
import { carriedSession, foreignUseOf } from "./session_cookie.ts";

/** Why nobody is let in with this request. */
export interface AuthenticationFault {
  /** The codes of the replaced service. */
  readonly code: Extract<ErrorCode, "API_KEY_MISSING" | "API_KEY_INVALID">;
  /** For people: what is wrong and what to do. */
  readonly message: string;
  /** The name of the key, when it is known and not valid for this request. */
  readonly keyName?: string;
  /** Whether the request carries a session that counts no more, whatever comes. */
  readonly sessionEnded?: true;
}

/** The outcome of {@link Authenticator.authenticate}. */
export type Authentication =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly fault: AuthenticationFault };

/** What somebody signs in with who wants a session: a key in a header, or this. */
export interface SignIn {
  /** The ticket of the body. That of a link counts here alone. */
  readonly ticket?: string | undefined;
}

/** Tells who sends a request. */
export interface Authenticator {
  /**
   * Finds the principal of a request. A wrong credential is never taken for none. A ticket is used up.
   *
   * @param address The address of the client, without its port.
   * @param signIn Given when a session is to begin: one that exists does not count then, nor does
   *   what stands in the query.
   * @returns A promise only when something has to be waited for: handshakes come in bursts, and a turn
   *   of the event loop for each is a cost.
   */
  authenticate(
    request: Request,
    address: string,
    signIn?: SignIn,
  ): Authentication | Promise<Authentication>;
}

/** What {@link KeyAuthenticator} depends on. */
export interface AuthenticationRules extends OriginRules {
  /** Who may come in without a key, and whether `?apiKey=` is accepted. */
  readonly security: Config["security"];
  /** The accepted keys. */
  readonly keys: KeyStore;
  /** Sessions and tickets. */
  readonly access: Pick<Access, "sessions" | "tickets">;
}

const HOW_TO_SEND = "send a key as X-API-Key, as Authorization: Bearer, or from a page as the " +
  "subprotocol telemetry.key.{base64url}";

const SIGN_IN_AGAIN = "sign in again";

/** Knows clients by their keys, sessions and tickets, and lets them in without where configured. */
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
  authenticate(
    request: Request,
    _address: string,
    signIn?: SignIn,
  ): Authentication | Promise<Authentication> {
    const { keys, security } = this.#rules;
    const headerKey = headerKeyOf(request);
    if (headerKey !== undefined) {
      return whenFound(keys.find(headerKey), (key) => this.#withKey(key, request));
    }
    if (signIn !== undefined) return this.#signIn(signIn, request);
    const session = this.#withSession(request);
    if (session?.ok === true) return session;
    // Browsers send cookies by themselves: an invalid one must not override a credential sent on purpose.
    const ticket = queryTicketOf(request);
    if (ticket !== undefined) return this.#withTicket(ticket, request);
    const queryKey = security.allowQueryApiKey ? queryKeyOf(request) : undefined;
    if (queryKey !== undefined) {
      return whenFound(keys.find(queryKey), (key) => this.#withKey(key, request));
    }
    return session ?? this.#withoutKey(request);
  }

  #signIn({ ticket }: SignIn, request: Request): Authentication {
    if (ticket === undefined) {
      return refuse(
        "API_KEY_MISSING",
        "a session begins with a key as X-API-Key, or with a ticket",
      );
    }
    const { tickets } = this.#rules.access;
    const onThisMachine = loopbackFault(request, this.#rules) === undefined;
    const grant = tickets.use(ticket, onThisMachine ? ["use", "link"] : ["use"]);
    return grant === undefined
      ? refuse("API_KEY_INVALID", USED_UP)
      : this.#withGrant(grant, request);
  }

  #withTicket(ticket: string, request: Request): Authentication {
    const grant = this.#rules.access.tickets.use(ticket, ["use"]);
    return grant === undefined
      ? refuse("API_KEY_INVALID", USED_UP)
      : this.#withGrant(grant, request);
  }

  /** `undefined` when the request has no session. */
  #withSession(request: Request): Authentication | undefined {
    const token = carriedSession(request)?.token;
    if (token === undefined) return undefined;
    const foreign = foreignUseOf(request);
    if (foreign !== undefined) return refuse("API_KEY_INVALID", foreign);
    const { sessions } = this.#rules.access;
    const session = sessions.use(token);
    if (session === "expired") return refuseEnded("the session was not used for 12 hours");
    if (session === "unknown") return refuseEnded("the session has ended");
    const { id, grant } = session;
    const found = this.#withGrant({ ...grant, sessionId: id }, request);
    if (found.ok) return found;
    if (this.#rules.keys.current(grant.name, grant.secretId) !== undefined) return found;
    sessions.end(token);
    return { ok: false, fault: { ...found.fault, sessionEnded: true } };
  }

  /** Whoever was known once is known as far as the key still counts, with its rights of now. */
  #withGrant({ name, secretId, sessionId }: Grant, request: Request): Authentication {
    if (secretId === undefined) return this.#withoutKey(request);
    if (sessionId !== undefined && !this.#rules.access.sessions.isLive(sessionId)) {
      const message = `the session that asked for the ticket has ended; ${SIGN_IN_AGAIN}`;
      return refuse("API_KEY_INVALID", message, name);
    }
    const key = this.#rules.keys.current(name, secretId);
    if (key !== undefined) return withSession(this.#withKey(key, request), sessionId);
    const message = `the key was revoked or has expired; ${SIGN_IN_AGAIN} with another`;
    return refuse("API_KEY_INVALID", message, name);
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

/** Connections that stand on a session end with it. */
function withSession(found: Authentication, sessionId: string | undefined): Authentication {
  if (!found.ok || sessionId === undefined) return found;
  return { ok: true, principal: { ...found.principal, sessionId } };
}

const USED_UP =
  "the ticket was used before, is too old, or is not one of this gateway; each counts " +
  "once: get a new one";

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

function refuseEnded(why: string): Authentication {
  const message = `${why}; ${SIGN_IN_AGAIN}`;
  return { ok: false, fault: { code: "API_KEY_INVALID", message, sessionEnded: true } };
}

function refuse(
  code: AuthenticationFault["code"],
  message: string,
  keyName?: string,
): Authentication {
  return { ok: false, fault: { code, message, ...(keyName !== undefined && { keyName }) } };
}
