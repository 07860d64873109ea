/**
 * How a credential travels, and how a refusal is told from a gateway that cannot be reached.
 *
 * @module
 */
import { LATER_MILLIS } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { type ErrorCode, TelemetryError } from "./errors.ts";

/** How long a request may take that asks why a handshake failed, in ms. */
const REASON_MILLIS = 10_000;

/** Who this client is. At most one of the two; without either the page's session counts. */
export interface Credentials {
  /** An API key. In a page it can be read by anything that runs there: take tickets instead. */
  readonly key?: string;
  /**
   * Fetches a ticket for one connection; called before each attempt. A rejection with a
   * {@link TelemetryError} says why, see {@link refusal}; any other counts as unreachable.
   */
  readonly ticket?: () => Promise<string>;
}

/** The subprotocol that carries a key: unpadded base64url of its UTF-8 bytes. */
export function keyProtocol(key: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(key));
  const token = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `telemetry.key.${token}`;
}

/**
 * The error that stands for an HTTP answer of the gateway that is not a success. For `ticket`
 * callbacks: `if (!response.ok) throw await refusal(response)`.
 */
export async function refusal(response: Response): Promise<TelemetryError> {
  const { status } = response;
  const body = await response.json().catch(() => undefined);
  const said = body?.error;
  const message = typeof said?.message === "string" ? said.message : `HTTP ${status}`;
  const isBan = said?.code === "BANNED";
  const code = codeOf(status, isBan);
  const retryAfterMs = readRetryAfter(response.headers.get("Retry-After"), code);
  return new TelemetryError(code, message, {
    status,
    final: code !== "overloaded" && code !== "unreachable",
    ...(retryAfterMs > 0 && { retryAfterMs }),
  });
}

function codeOf(status: number, isBan: boolean): ErrorCode {
  if (isBan || status === 429 || status === 503) return "overloaded";
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  // A proxy whose gateway is away, or a fault that may pass.
  return status >= 500 || status === 408 ? "unreachable" : "refused";
}

/** `Retry-After` in seconds, as the gateway writes it, as ms. */
function readRetryAfter(header: string | null, code: ErrorCode): number {
  const seconds = Number(header ?? NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  return code === "overloaded" ? LATER_MILLIS : 0;
}

/** A request that needs the scope that the socket needs, and costs the gateway next to nothing. */
export interface ReasonRequest {
  readonly method: string;
  /** Its path at the host of the socket. */
  readonly path: string;
  /** Its body, in JSON. */
  readonly body?: string;
}

/** What a `ticket` callback throws, as an error of the family; one that is in it stays as it is. */
export function ticketError(thrown: unknown): TelemetryError {
  if (thrown instanceof TelemetryError) return thrown;
  return new TelemetryError("unreachable", undefined, { cause: thrown });
}

/**
 * Asks over HTTP why a handshake failed, as no platform shows its answer to a program.
 *
 * @returns The refusal; `lost` when the credential is accepted, `unreachable` when nobody answers.
 */
export async function askReason(
  target: Credentials & { readonly url: URL; readonly reason: ReasonRequest },
  { fetch, clock }: Pick<Environment, "fetch" | "clock">,
): Promise<TelemetryError> {
  if (fetch === undefined) return new TelemetryError("unreachable");
  const aborter = new AbortController();
  const timer = clock.setTimeout(() => aborter.abort(), REASON_MILLIS);
  try {
    const { url, key, reason } = target;
    const { href } = new URL(reason.path, url.href.replace(/^ws/, "http"));
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (key !== undefined) headers["X-API-Key"] = key;
    const { method, body = null } = reason;
    const response = await fetch(href, { method, headers, body, signal: aborter.signal });
    const error = await refusal(response);
    // Any other status means that the credential was accepted.
    const isRefusal = [401, 403, 421, 429].includes(error.status!) || error.status! >= 500;
    if (isRefusal) return error;
    return new TelemetryError("lost", "the handshake failed, though the gateway answers");
  } catch (cause) {
    return new TelemetryError("unreachable", undefined, { cause });
  } finally {
    clock.clearTimeout(timer);
  }
}
