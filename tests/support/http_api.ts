/**
 * The gateway's REST interface as a publisher or an administrator uses it. The methods named after
 * an operation expect it to succeed; {@link HttpApi.request} takes any answer.
 *
 * @module
 */
import type { PublishBody } from "./events.ts";
import { assertAnswer } from "./rest_answers.ts";
import { Metrics } from "./metrics_text.ts";

/** Any JSON object. */
// deno-lint-ignore no-explicit-any -- answers are asserted on, not typed
export type Json = Record<string, any>;

/** An answer of any status; `body` is parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

/** What a request may have beside its path. */
export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The key instead of the API's own; `null` for none. */
  readonly apiKey?: string | null;
  /** Gives the request up when it aborts. */
  readonly signal?: AbortSignal;
}

/** The content type of newline-delimited JSON. */
export const NDJSON = "application/x-ndjson";

/** See the module. */
export class HttpApi {
  readonly #url: string;
  readonly #apiKey: string;

  /** Talks to a running gateway with the key that it was started with. */
  constructor(gateway: { readonly url: string; readonly apiKey: string }) {
    this.#url = gateway.url;
    this.#apiKey = gateway.apiKey;
  }

  /** Sends a request and reads the whole answer, whatever it is. */
  async request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const key = options.apiKey === undefined ? this.#apiKey : options.apiKey;
    const response = await fetch(this.#url + path, {
      method: options.method ?? "GET",
      headers: { ...(key === null ? {} : { "X-API-Key": key }), ...options.headers },
      body: options.body ?? null,
      signal: signalOf(options),
      redirect: "manual",
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    const body = isJson ? JSON.parse(text) : {};
    // Every answer of an endpoint is compared with its schema.
    const contentType = response.headers.get("content-type");
    assertAnswer(options.method ?? "GET", path, { status: response.status, contentType, text });
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Posts a body to the publishing endpoint, whatever comes of it. */
  post(body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request("/api/v1/telemetry/events", {
      method: "POST",
      ...options,
      headers: { "Content-Type": "application/json", ...options.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Publishes one event, or an array of events, and returns the receipt. */
  async publish(events: PublishBody | Json | readonly (PublishBody | Json)[]): Promise<Json> {
    return expectData(await this.post(events), 202);
  }

  /** Publishes events as NDJSON, and returns the receipt. */
  async publishNdjson(events: readonly (PublishBody | Json)[]): Promise<Json> {
    const body = events.map((event) => JSON.stringify(event)).join("\n");
    return expectData(await this.post(body, { headers: { "Content-Type": NDJSON } }), 202);
  }

  /** `GET /api/v1/websocket/stats` */
  async stats(): Promise<Json> {
    return expectData(await this.request("/api/v1/websocket/stats"), 200);
  }

  /** The heads of all channels: equal before and after means that nothing was stored. */
  async heads(): Promise<Readonly<Record<string, number>>> {
    const channels = Object.entries((await this.stats())["channels"] as Json);
    return Object.fromEntries(channels.map(([name, { head }]) => [name, head]));
  }

  /** `GET /api/v1/websocket/clients`, the connections of one page. */
  async clients(query: Readonly<Record<string, string>> = {}): Promise<Json[]> {
    const search = new URLSearchParams(query).toString();
    return expectData(await this.request(`/api/v1/websocket/clients?${search}`), 200) as Json[];
  }

  /** `GET /api/v1/websocket/clients/{id}`, whatever comes of it. */
  client(id: string): Promise<Answer> {
    return this.request(`/api/v1/websocket/clients/${encodeURIComponent(id)}`);
  }

  /** `DELETE /api/v1/websocket/clients/{id}`, whatever comes of it. */
  disconnect(id: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const search = new URLSearchParams(query).toString();
    const path = `/api/v1/websocket/clients/${encodeURIComponent(id)}?${search}`;
    return this.request(path, { method: "DELETE" });
  }

  /** Scrapes `/metrics`. */
  async metrics(): Promise<Metrics> {
    const answer = await this.request("/metrics");
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status} ${answer.text}`);
    return new Metrics(answer.text);
  }
}

function signalOf({ signal }: RequestOptions): AbortSignal {
  const timeout = AbortSignal.timeout(15_000);
  return signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
}

function expectData(answer: Answer, status: number): Json {
  if (answer.status === status && answer.body["success"] === true) return answer.body["data"];
  throw new Error(`expected ${status}, got ${answer.status} ${answer.text.slice(0, 1_000)}`);
}
