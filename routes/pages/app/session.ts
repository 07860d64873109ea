/**
 * Who is signed in: a key or a link is exchanged for a session and forgotten.
 *
 * @module
 */

/** The session of the page. */
export interface Session {
  /** The name of the key, or `anonymous`. */
  readonly principal: string;
  /** Whether a key stands behind it. */
  readonly authenticated: boolean;
  readonly scopes: readonly string[];
  /** The channels that it may read; absent when all. */
  readonly channels?: readonly string[];
  /** The traders whose rows it sees; absent when all. */
  readonly traders?: readonly string[];
}

/** What a request for a session came to. */
export type SessionAnswer =
  | { readonly kind: "session"; readonly session: Session }
  /** The gateway says no, and why. */
  | {
    readonly kind: "refused";
    readonly status: number;
    readonly code: string;
    readonly message: string;
  }
  /** Nobody answers. */
  | { readonly kind: "away" };

/** A credential that is exchanged. */
export type Credential = { readonly key: string } | { readonly ticket: string };

const PATH = "/api/v1/session";

/** Patience with the gateway, in ms. */
const TIMEOUT_MILLIS = 10_000;

/** Asks for the session that the page has. */
export function readSession(): Promise<SessionAnswer> {
  return ask({ method: "GET" });
}

/** Exchanges a credential for a session. */
export function beginSession(credential: Credential): Promise<SessionAnswer> {
  if ("key" in credential) {
    // A header takes Latin-1 alone; what is not is no key.
    const key = credential.key.trim();
    if (!/^[\x21-\x7e]+$/.test(key)) {
      const message = "a key has letters, digits and signs, and no spaces";
      return Promise.resolve({ kind: "refused", status: 401, code: "API_KEY_INVALID", message });
    }
    return ask({ method: "POST", headers: { "X-API-Key": key } });
  }
  const headers = { "Content-Type": "application/json" };
  return ask({ method: "POST", headers, body: JSON.stringify(credential) });
}

/** Ends the session; when nobody answers it stays until it expires. */
export async function endSession(): Promise<void> {
  await ask({ method: "DELETE" });
}

/**
 * A ticket for one request of a program, within a minute.
 *
 * @throws {Error} When the gateway gives none.
 */
export async function requestTicket(): Promise<string> {
  const response = await fetch("/api/v1/websocket/tickets", { method: "POST" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).data.ticket;
}

async function ask(init: RequestInit): Promise<SessionAnswer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
    const response = await fetch(PATH, { ...init, signal, cache: "no-store" });
    const body = await response.json().catch(() => undefined);
    if (response.ok) return { kind: "session", session: body?.data };
    // A proxy whose gateway is away.
    if (response.status >= 500 && body?.error === undefined) return { kind: "away" };
    return {
      kind: "refused",
      status: response.status,
      code: body?.error?.code ?? `HTTP_${response.status}`,
      message: body?.error?.message ?? `HTTP ${response.status}`,
    };
  } catch {
    return { kind: "away" };
  }
}

/**
 * Takes the ticket out of the address, so that neither the history nor a copied link has it.
 *
 * @returns `undefined` when there is none.
 */
export function takeTicket(): string | undefined {
  const { hash, pathname, search } = location;
  const ticket = new URLSearchParams(hash.slice(1)).get("ticket");
  if (ticket === null) return undefined;
  history.replaceState(null, "", pathname + search);
  return ticket;
}
