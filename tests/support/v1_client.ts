/**
 * A well-behaved v1 client. Every message goes through the strict decoder; one that deployed
 * clients could not decode fails whatever the test does next.
 *
 * @module
 */
import { decodeV1, type V1Message } from "./decode_v1.ts";
import { Inbox, type WaitForOptions } from "./inbox.ts";
import { type RawClose, type RawOptions, RawWebSocket } from "./raw_websocket.ts";

/** A message with its time of arrival (`performance.now()`). */
export interface Received extends V1Message {
  readonly atMs: number;
}

/** What to connect with. */
export interface V1Options extends Omit<RawOptions, "onText"> {
  /** Sent as `X-API-Key`; anonymous when absent. */
  readonly apiKey?: string;
  /** Made up when absent, so that no test is paced for what another did; `null` for none. */
  readonly clientId?: string | null;
  /** Names in any accepted spelling. */
  readonly channels?: readonly string[];
  readonly replay?: boolean;
  /** Whether the first message is awaited; true when absent. */
  readonly awaitWelcome?: boolean;
}

let lastClient = 0;

/** See the module. */
export class V1Client implements AsyncDisposable {
  readonly #inbox = new Inbox<Received>();
  #socket!: RawWebSocket;

  private constructor() {}

  /**
   * Connects.
   *
   * @param wsUrl `ws://host:port`
   * @throws {HandshakeRefused} When the server answers with another status than 101.
   */
  static async connect(wsUrl: string, options: V1Options = {}): Promise<V1Client> {
    const { apiKey, headers, awaitWelcome } = options;
    const client = new V1Client();
    const clientId = options.clientId === undefined ? `e2e-${++lastClient}` : options.clientId;
    client.#socket = await RawWebSocket.open(telemetryUrl(wsUrl, { ...options, clientId }), {
      ...options,
      headers: { ...(apiKey === undefined ? {} : { "X-API-Key": apiKey }), ...headers },
      onText: (text, atMs) => client.#receive(text, atMs),
    });
    client.#socket.closed.then((close) => client.#inbox.close(close));
    if (awaitWelcome === false || options.reading === false) return client;
    try {
      await client.waitFor("welcome", (message) => message.type === "welcome");
      return client;
    } catch (error) {
      await client.#socket[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Everything received, in order. */
  get messages(): readonly Received[] {
    return this.#inbox.messages;
  }

  /** The connection underneath, for what a well-behaved client does not do. */
  get socket(): RawWebSocket {
    return this.#socket;
  }

  /** How the connection ended. */
  get closed(): Promise<RawClose> {
    return this.#socket.closed;
  }

  /** The events received, of one channel or of all. */
  events(channel?: string): Received[] {
    return this.messages.filter((message) =>
      message.type === "event" && (channel === undefined || message.channel === channel)
    );
  }

  /**
   * The first message, received or to come, that matches.
   *
   * @throws {DeadlineError} When none comes in time.
   */
  waitFor(
    what: string,
    matches: (message: Received) => boolean,
    options: WaitForOptions = {},
  ): Promise<Received> {
    return this.#inbox.waitFor(what, matches, options);
  }

  /** Waits until that many events of a channel have arrived, and returns them all. */
  async waitForEvents(channel: string, count: number, withinMs?: number): Promise<Received[]> {
    const what = `${count} events of ${channel}`;
    let seen = 0;
    const counts = (message: Received) =>
      message.type === "event" && message.channel === channel && ++seen >= count;
    await this.waitFor(what, counts, withinMs === undefined ? {} : { withinMs });
    return this.events(channel);
  }

  /** Sends a message and waits for the first matching one that arrives after it. */
  async ask(
    message: unknown,
    what: string,
    matches: (message: Received) => boolean,
  ): Promise<Received> {
    const from = this.messages.length;
    await this.send(typeof message === "string" ? message : JSON.stringify(message));
    return await this.waitFor(what, matches, { from });
  }

  /** Subscribes, and returns the ack. */
  subscribe(channels: readonly string[], replay?: boolean): Promise<Received> {
    const message = { action: "subscribe", channels, ...(replay === undefined ? {} : { replay }) };
    return this.ask(message, "subscription ack", isAck("subscription"));
  }

  /** Unsubscribes, and returns the ack. */
  unsubscribe(channels: readonly string[]): Promise<Received> {
    const message = { action: "unsubscribe", channels };
    return this.ask(message, "unsubscribe ack", isAck("unsubscribe"));
  }

  /** Sends a heartbeat, and returns the answer. */
  heartbeat(): Promise<Received> {
    return this.ask({ action: "heartbeat" }, "heartbeat ack", isHeartbeat("ack"));
  }

  /** Sends text as it is, and returns the `error` that answers it. */
  provoke(text: string): Promise<Received> {
    return this.ask(text, "error", (message) => message.type === "error");
  }

  /** Sends text as it is. */
  send(text: string): Promise<void> {
    return this.#socket.send(text);
  }

  /** Closes politely and waits for the end. */
  async close(code = 1000): Promise<void> {
    await this.#socket.close(code);
    await this.#socket.ended;
  }

  /** Cuts the connection; throws what the strict decoder found if no test has seen it yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
    this.#inbox.throwUnseenFault();
  }

  #receive(text: string, atMs: number): void {
    if (this.#inbox.isFaulty) return;
    try {
      this.#inbox.push({ ...decodeV1(text), atMs });
    } catch (error) {
      this.#inbox.fault(error as Error);
    }
  }
}

/** The address of `/ws/telemetry` with its query. */
export function telemetryUrl(
  wsUrl: string,
  query: { clientId?: string | null; channels?: readonly string[]; replay?: boolean } = {},
): string {
  const url = new URL("/ws/telemetry", wsUrl);
  if (typeof query.clientId === "string") url.searchParams.set("clientId", query.clientId);
  if (query.channels !== undefined) url.searchParams.set("channels", query.channels.join(","));
  if (query.replay !== undefined) url.searchParams.set("replay", String(query.replay));
  return url.href;
}

/** Matches an `ack` of one kind. */
export function isAck(kind: "subscription" | "unsubscribe"): (message: V1Message) => boolean {
  return (message) => message.type === "ack" && message.channel === kind;
}

/** Matches a `heartbeat` of one direction. */
export function isHeartbeat(direction: "server" | "ack"): (message: V1Message) => boolean {
  return (message) => message.type === "heartbeat" && message.meta?.["direction"] === direction;
}

/** The number of an event in its channel. */
export function seqOf(message: V1Message): number {
  return Number(message.meta?.["seq"]);
}

/** How many events an event says were skipped before it. */
export function skippedOf(message: V1Message): number {
  return Number(message.meta?.["skipped"] ?? 0);
}
