/**
 * Publishes events to a gateway over HTTP, and tries again when that can help.
 *
 * @module
 */
import type { Clock } from "../../../actors/ports.ts";
import type { PublishEvents } from "../../../actors/sources/publish.ts";
import { wait } from "../../../actors/wait.ts";
import type { ErrorEnvelope } from "../../../protocol/api.ts";

/** Path of the endpoint, below the gateway's address. */
const EVENTS_PATH = "api/v1/telemetry/events";
/** Longest time that one request may take, in ms. */
export const REQUEST_TIMEOUT_MILLIS = 30_000;
/**
 * For how long one batch is tried, in ms. It is less than the 120 s for which a gateway remembers
 * an `eventId` by default: after that a retry could store the batch a second time.
 */
export const GIVE_UP_MILLIS = 110_000;
/** First and longest pause between two attempts, in ms; it doubles in between. */
export const BACKOFF_MILLIS = { first: 250, longest: 10_000 } as const;

/** Statuses, of the gateway or of a proxy before it, after which a request is repeated. */
const LATER: ReadonlySet<number> = new Set([502, 503, 504]);
/** Most faults of a refused batch that a message names. */
const NAMED_FAULTS = 3;

/** Why an attempt is repeated, and when. */
export interface Retry {
  /** What happened, for people. */
  readonly cause: string;
  /** Pause before the next attempt, in ms. */
  readonly waitMillis: number;
}

/** What a publisher needs. */
export interface HttpPublisherOptions {
  /** Address of the gateway; its path is kept, for gateways behind a prefix. */
  readonly url: URL;
  /** Sent as `X-API-Key`; never part of a message. */
  readonly apiKey: string;
  /** Times pauses and requests. */
  readonly clock: Clock;
  /** 0 up to and without 1; spreads the retries of several publishers. */
  readonly random: () => number;
  /** Sends requests; the global `fetch` by default. */
  readonly fetch?: typeof fetch;
  /** Ends requests and pauses; the publication under way rejects. */
  readonly signal?: AbortSignal;
  /** Called before each pause. */
  readonly onRetry?: (retry: Retry) => void;
}

/** A batch that was not accepted and will not be. The message is for people. */
export class HttpPublishError extends Error {
  /** `HttpPublishError`. */
  override readonly name = "HttpPublishError";
}

/** The gateway, or a proxy before it, could not be reached or had no room for too long. */
export class GatewayUnavailableError extends HttpPublishError {}

interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/**
 * Posts batches as NDJSON. Events should carry an `eventId`: a request whose answer was lost is
 * repeated, and only that makes it harmless.
 */
export class HttpPublisher {
  readonly #options: HttpPublisherOptions;
  readonly #endpoint: URL;
  #accepted = 0;
  #duplicates = 0;

  /** A publisher for one gateway; nothing is sent yet. */
  constructor(options: HttpPublisherOptions) {
    this.#options = options;
    const { href } = options.url;
    this.#endpoint = new URL(EVENTS_PATH, href.endsWith("/") ? href : `${href}/`);
  }

  /** Events stored, as far as the answers say. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Events that the gateway had stored before. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /**
   * Publishes a batch; resolves when it is stored.
   *
   * Repeats after 502, 503 and 504, as `Retry-After` says, and when the gateway cannot be reached,
   * for up to {@link GIVE_UP_MILLIS}.
   *
   * @throws {HttpPublishError} When the batch was refused, or the time is up, or the signal aborted.
   */
  readonly publish: PublishEvents = async (events) => {
    const { clock, signal } = this.#options;
    const body = events.map((event) => JSON.stringify(event)).join("\n");
    const startedAt = clock.now();
    for (let attempt = 0;; attempt++) {
      if (signal?.aborted) throw new HttpPublishError("stopped");
      const answer = await this.#attempt(body);
      if (typeof answer !== "string" && !LATER.has(answer.status)) return this.#settle(answer);
      const cause = typeof answer === "string" ? answer : `${this.#where()}: ${describe(answer)}`;
      const waitMillis = this.#pause(attempt, answer);
      if (clock.now() - startedAt + waitMillis > GIVE_UP_MILLIS) {
        const seconds = Math.round((clock.now() - startedAt) / 1_000);
        throw new GatewayUnavailableError(
          `gave up after ${attempt + 1} attempts in ${seconds} s; ${cause}`,
        );
      }
      if (signal?.aborted) throw new HttpPublishError("stopped");
      this.#options.onRetry?.({ cause, waitMillis });
      await wait(clock, waitMillis, signal);
    }
  };

  /** The answer, or why there is none. */
  async #attempt(body: string): Promise<HttpAnswer | string> {
    const { clock, signal, apiKey, fetch: send = fetch } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort();
    let late = false;
    const timer = clock.setTimeout(() => {
      late = true;
      abort();
    }, REQUEST_TIMEOUT_MILLIS);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const response = await send(this.#endpoint, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson", "x-api-key": apiKey },
        body,
        // A redirect would carry the key to wherever it points.
        redirect: "manual",
        signal: controller.signal,
      });
      const retryAfter = response.headers.get("retry-after");
      return { status: response.status, retryAfter, text: await response.text() };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.name === "NotCapable" || error.name === "PermissionDenied") {
        throw new HttpPublishError(`no permission: run with --allow-net=${this.#endpoint.host}`);
      }
      const reason = late ? `no answer within ${REQUEST_TIMEOUT_MILLIS / 1_000} s` : brief(error);
      return `cannot reach ${this.#where()}: ${reason}`;
    } finally {
      clock.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #settle(answer: HttpAnswer): void {
    const receipt = answer.status >= 200 && answer.status < 300
      ? parse(answer.text)?.["data"] as Record<string, unknown> | undefined
      : undefined;
    const accepted = receipt?.["accepted"];
    if (typeof accepted !== "number") {
      throw new HttpPublishError(`${this.#where()}: ${describe(answer)}${advice(answer.status)}`);
    }
    this.#accepted += accepted;
    const duplicates = receipt?.["duplicates"];
    this.#duplicates += typeof duplicates === "number" ? duplicates : 0;
  }

  /** What the answer asks for, or else twice the last pause, of which up to half is left out. */
  #pause(attempt: number, answer: HttpAnswer | string): number {
    const { clock, random } = this.#options;
    const asked = typeof answer === "string"
      ? undefined
      : parseRetryAfter(answer.retryAfter, clock.epochMillis());
    const backoff = Math.min(BACKOFF_MILLIS.first * 2 ** attempt, BACKOFF_MILLIS.longest);
    return Math.ceil(Math.max(asked ?? 0, backoff * (1 - random() / 2)));
  }

  #where(): string {
    return `POST ${this.#endpoint.href}`;
  }
}

/**
 * Reads a `Retry-After` header: seconds, or an HTTP date.
 *
 * @returns Milliseconds from now, 0 or more; `undefined` when it is absent or neither.
 */
export function parseRetryAfter(value: string | null, nowEpochMillis: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Every HTTP date names its month, which keeps Date.parse from reading years into numbers.
  if (!/[A-Za-z]{3}/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowEpochMillis);
}

function describe({ status, text }: HttpAnswer): string {
  const error = parse(text)?.["error"] as ErrorEnvelope["error"] | undefined;
  if (typeof error?.message !== "string") return `answered ${status} without an explanation`;
  const details = Object.entries(error.details ?? {});
  const named = details.slice(0, NAMED_FAULTS).map(([path, fault]) => `${path}: ${fault}`);
  if (details.length > named.length) named.push(`and ${details.length - named.length} more`);
  const list = named.length === 0 ? "" : ` (${named.join("; ")})`;
  return `answered ${status} ${error.code}: ${error.message}${list}`;
}

function advice(status: number): string {
  if (status === 401) return "; is the key the one of this gateway?";
  if (status === 403) return "; the key needs the scope publish";
  if (status >= 300 && status < 400) return "; give the address it redirects to";
  return status < 300 || status === 404 ? "; is this the address of a gateway?" : "";
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** Fetch prefixes the reason with the whole address, which the message names already. */
function brief(error: Error): string {
  return error.message.replace(/^error sending request for url \([^)]*\):? ?/, "") ||
    "the connection failed";
}
