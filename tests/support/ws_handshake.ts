/**
 * The opening handshake of a WebSocket (RFC 6455 §4), valid or not, with the whole answer when it is
 * refused.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type RawHeaders, RawReader, type RawResponse, requestHead, writeAll } from "./raw_http.ts";
import { within } from "./wait.ts";

/** What to send in a handshake. */
export interface HandshakeOptions {
  /** Headers beside, or instead of, those of a handshake; `null` leaves one out. */
  readonly headers?: RawHeaders;
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
  /** Deadline of the handshake in ms. */
  readonly withinMs?: number;
  /** Certificates that are trusted, for `wss:`. */
  readonly caCerts?: string[];
}

/** A connection that was accepted. */
export interface Accepted {
  readonly connection: Deno.Conn;
  readonly headers: Headers;
  /** Bytes of frames that came with the answer. */
  readonly rest: Uint8Array;
}

/** The server answered a handshake with something else than 101. */
export class HandshakeRefused extends Error {
  readonly response: RawResponse;

  /** Keeps the whole response. */
  constructor(response: RawResponse) {
    super(`handshake refused: HTTP ${response.status} ${response.body}`);
    this.name = "HandshakeRefused";
    this.response = response;
  }
}

/** The constant of RFC 6455 §1.3 from which a server proves that it understood the handshake. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Opens a TCP connection and performs the handshake.
 *
 * @throws {HandshakeRefused} When the server answers with another status than 101.
 */
export async function openHandshake(url: string, options: HandshakeOptions): Promise<Accepted> {
  const connection = await connect(url, options);
  try {
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
    const reader = new RawReader(connection);
    const exchange = exchangeHeads(connection, reader, url, key, options);
    exchange.catch(() => {}); // after the deadline nobody listens any more
    const headers = await within("an answer to a handshake", exchange, options.withinMs);
    const accept = createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
    const ownKey = options.headers?.["Sec-WebSocket-Key"] === undefined;
    if (ownKey && headers.get("sec-websocket-accept") !== accept) {
      throw new Error("wrong accept header");
    }
    return { connection, headers, rest: reader.rest };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function connect(url: string, { caCerts }: HandshakeOptions): Promise<Deno.Conn> {
  const { protocol, hostname, port } = new URL(url);
  const address = { hostname, port: Number(port) };
  if (protocol === "wss:") {
    return await Deno.connectTls({ ...address, ...(caCerts && { caCerts }) });
  }
  const connection = await Deno.connect(address);
  connection.setNoDelay(true);
  return connection;
}

async function exchangeHeads(
  connection: Deno.Conn,
  reader: RawReader,
  url: string,
  key: string,
  options: HandshakeOptions,
): Promise<Headers> {
  const { host, pathname, search } = new URL(url);
  const defaults = {
    "Host": host,
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": options.protocols?.join(", ") ?? null,
  };
  await writeAll(connection, requestHead("GET", pathname + search, defaults, options.headers));
  const { status, headers } = await reader.head();
  if (status === 101) return headers;
  throw new HandshakeRefused({ status, headers, body: await reader.body(headers) });
}
