/**
 * HTTP/1.1 over a bare TCP connection: for requests that `fetch` does not let a test write (`Host`,
 * `Connection`, half a request) and for WebSocket handshakes that are refused.
 *
 * @module
 */
import { within } from "./wait.ts";

/** Headers to send; `null` leaves out one that would be sent by default. Values are written as is. */
export type RawHeaders = Readonly<Record<string, string | null>>;

/** The status line and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** A response, read to its end. */
export interface RawResponse extends ResponseHead {
  readonly body: string;
}

/** Most bytes of a response head that are read before giving up. */
const MAX_HEAD = 64 * 1024;

/** Reads from a connection and keeps what it read too much. */
export class RawReader {
  #rest = new Uint8Array(0);
  readonly #buffer = new Uint8Array(16 * 1024);
  readonly #connection: Deno.Conn;

  /** Reads from `connection`; nothing else may until {@link RawReader.rest} is taken. */
  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Bytes that were read and belong to what follows. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** Reads a response's status line and headers. */
  async head(): Promise<ResponseHead> {
    let end: number;
    while ((end = indexOfBlankLine(this.#rest)) < 0) {
      if (this.#rest.length > MAX_HEAD) throw new Error("endless response head");
      if (!await this.#more()) throw new Deno.errors.UnexpectedEof("ended within a response head");
    }
    const [statusLine, ...lines] = latin1(this.#rest.subarray(0, end)).split("\r\n");
    this.#rest = this.#rest.slice(end + 4);
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine!);
    if (match === null) throw new Error(`not a status line: ${statusLine}`);
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return { status: Number(match[1]), headers };
  }

  /** Reads the body that belongs to a head. */
  async body(headers: Headers): Promise<string> {
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return await this.#chunked();
    const length = headers.get("content-length");
    if (length === null) {
      while (await this.#more());
      return utf8(this.#take(this.#rest.length));
    }
    return utf8(await this.#exactly(Number(length)));
  }

  async #chunked(): Promise<string> {
    const chunks: number[] = [];
    while (true) {
      const size = parseInt(await this.#line(), 16);
      chunks.push(...await this.#exactly(size));
      await this.#line();
      if (size === 0) return utf8(Uint8Array.from(chunks));
    }
  }

  async #line(): Promise<string> {
    let end: number;
    while ((end = this.#rest.indexOf(10)) < 0) {
      if (!await this.#more()) throw new Deno.errors.UnexpectedEof("ended within a chunk's size");
    }
    return latin1(this.#take(end + 1)).trim();
  }

  async #exactly(length: number): Promise<Uint8Array> {
    while (this.#rest.length < length) {
      if (!await this.#more()) throw new Deno.errors.UnexpectedEof("ended within a body");
    }
    return this.#take(length);
  }

  #take(length: number): Uint8Array {
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const count = await this.#connection.read(this.#buffer);
    if (count === null) return false;
    const joined = new Uint8Array(this.#rest.length + count);
    joined.set(this.#rest);
    joined.set(this.#buffer.subarray(0, count), this.#rest.length);
    this.#rest = joined;
    return true;
  }
}

/** Writes all of `bytes`. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) offset += await connection.write(bytes.subarray(offset));
}

/** The bytes of a request head; `defaults` are overridden by `headers`, ignoring case. */
export function requestHead(
  method: string,
  path: string,
  defaults: RawHeaders,
  headers: RawHeaders = {},
): Uint8Array {
  const merged = new Map<string, [string, string | null]>();
  for (const [name, value] of [...Object.entries(defaults), ...Object.entries(headers)]) {
    merged.set(name.toLowerCase(), [name, value]);
  }
  const lines = [...merged.values()]
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** One request over its own connection, with exactly the headers given besides `Host`. */
export async function rawRequest(
  url: string,
  init: { method?: string; headers?: RawHeaders; body?: string; withinMs?: number } = {},
): Promise<RawResponse> {
  const { hostname, port, host, pathname, search } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const body = new TextEncoder().encode(init.body ?? "");
  const defaults = { Host: host, Connection: "close", "Content-Length": String(body.length) };
  const head = requestHead(init.method ?? "GET", pathname + search, defaults, init.headers);
  const reader = new RawReader(connection);
  const exchange = (async () => {
    await writeAll(connection, head);
    await writeAll(connection, body);
    const { status, headers } = await reader.head();
    return { status, headers, body: await reader.body(headers) };
  })();
  exchange.catch(() => {}); // after the deadline nobody listens any more
  return await within(`an answer to ${init.method ?? "GET"} ${pathname}`, exchange, init.withinMs);
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
