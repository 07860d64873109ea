/**
 * A well-behaved v2 client. Every message goes through the strict decoder and into the books; what
 * breaks the contract, or does not add up, fails whatever the test does next.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import {
  type AckV2,
  type ErrorV2,
  type EventV2,
  type HeartbeatV2,
  PROTOCOL_V2,
  type ServerMessageV2,
} from "../../protocol/v2/server_message.ts";
import type { z } from "zod";
import { decodeV2 } from "./decode_v2.ts";
import { Inbox, type WaitForOptions } from "./inbox.ts";
import { type RawClose, type RawOptions, RawWebSocket } from "./raw_websocket.ts";
import { telemetryUrl } from "./v1_client.ts";
import type { Asked, EventsFrame, SnapshotPart } from "./v2_channel_ledger.ts";
import { LedgerError, V2Ledger } from "./v2_ledger.ts";

/** A message with its time of arrival (`performance.now()`). */
export type ReceivedV2<Message = ServerMessageV2> = Message & { readonly atMs: number };

/** An `ack`. */
export type Ack = z.infer<typeof AckV2>;

/** What answers a request. */
export type AnswerV2 = Ack | z.infer<typeof ErrorV2> | z.infer<typeof HeartbeatV2>;

/** What to connect with. */
export interface V2Options extends Omit<RawOptions, "onText"> {
  /** Sent as `X-API-Key`; anonymous when absent. */
  readonly apiKey?: string;
  /** Made up when absent. */
  readonly clientId?: string;
  /** Names in the query of the address. */
  readonly channels?: readonly string[];
  readonly replay?: boolean;
  /** The books to go on with after a reconnect; new ones when absent. */
  readonly ledger?: V2Ledger;
  /** Whether messages after the welcome are kept; true when absent. */
  readonly keep?: boolean;
}

let lastClient = 0;

/** See the module. */
export class V2Client implements AsyncDisposable {
  readonly ledger: V2Ledger;
  readonly #inbox = new Inbox<ReceivedV2>();
  #socket!: RawWebSocket;
  #lastId = 0;

  private constructor(ledger: V2Ledger) {
    this.ledger = ledger;
  }

  /**
   * Connects and waits for the welcome.
   *
   * @param wsUrl `ws://host:port`
   * @throws {HandshakeRefused} When the server answers with another status than 101.
   */
  static async connect(wsUrl: string, options: V2Options = {}): Promise<V2Client> {
    const { apiKey, headers, channels } = options;
    const client = new V2Client(options.ledger ?? new V2Ledger());
    const clientId = options.clientId ?? `v2-${++lastClient}`;
    if (channels !== undefined) {
      const asked = channels.map((name) => ({ name, snapshot: options.replay === true }));
      client.ledger.asks(undefined, { action: "subscribe", channels: asked });
    }
    client.#socket = await RawWebSocket.open(telemetryUrl(wsUrl, { ...options, clientId }), {
      protocols: [PROTOCOL_V2],
      ...options,
      headers: { ...(apiKey === undefined ? {} : { "X-API-Key": apiKey }), ...headers },
      onText: (text, atMs) => client.#receive(text, atMs),
    });
    client.#socket.closed.then((close) => client.#inbox.close(close));
    client.#socket.ended.then(() => client.ledger.disconnected());
    if (options.reading === false) return client;
    try {
      await client.waitForType("welcome");
      client.#inbox.keeps = options.keep ?? true;
      return client;
    } catch (error) {
      await client.#socket[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connects to a gateway with the key that it was started with. */
  static to(
    gateway: { readonly wsUrl: string; readonly apiKey: string },
    options: V2Options = {},
  ): Promise<V2Client> {
    return V2Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey, ...options });
  }

  /** Everything received, in order. */
  get messages(): readonly ReceivedV2[] {
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

  frames(channel: Channel): ReceivedV2<EventsFrame>[] {
    return this.messages.filter((message): message is ReceivedV2<EventsFrame> =>
      message.type === "events" && message.channel === channel
    );
  }

  /** The parts of a channel's snapshots. */
  snapshots(channel: Channel): ReceivedV2<SnapshotPart>[] {
    return this.messages.filter((message): message is ReceivedV2<SnapshotPart> =>
      message.type === "snapshot" && message.channel === channel
    );
  }

  /** The events of a channel's frames. */
  events(channel: Channel): EventV2[] {
    return this.frames(channel).flatMap(({ events }) => events);
  }

  /** The first message, received or to come, that matches. */
  waitFor(
    what: string,
    matches: (message: ReceivedV2) => boolean,
    options: WaitForOptions = {},
  ): Promise<ReceivedV2> {
    return this.#inbox.waitFor(what, matches, options);
  }

  /** The first message of one type, received or to come, that matches. */
  async waitForType<Type extends ServerMessageV2["type"]>(
    type: Type,
    matches: (message: ReceivedV2<Extract<ServerMessageV2, { type: Type }>>) => boolean = () =>
      true,
    options: WaitForOptions = {},
  ): Promise<ReceivedV2<Extract<ServerMessageV2, { type: Type }>>> {
    type Wanted = ReceivedV2<Extract<ServerMessageV2, { type: Type }>>;
    const isWanted = (message: ReceivedV2) => message.type === type && matches(message as Wanted);
    return await this.waitFor(type, isWanted, options) as Wanted;
  }

  /** Waits until the client knows everything of a channel up to a number. */
  async waitUntilAt(channel: Channel, seq: number, withinMs?: number): Promise<void> {
    const isThere = () => (this.ledger.place(channel)?.seq ?? -1) >= seq;
    if (isThere()) return;
    // The books are written before anybody is told.
    const options = withinMs === undefined ? {} : { withinMs };
    await this.waitFor(`${channel} at ${seq}`, isThere, { ...options, from: this.messages.length });
  }

  /** Sends a request under an id of its own and waits for whatever answers it. */
  async request(message: Record<string, unknown>): Promise<ReceivedV2<AnswerV2>> {
    const id = typeof message["id"] === "string" ? message["id"] : `r${++this.#lastId}`;
    const { action } = message;
    // The books outlive the connection: what was never sent must not stand in them.
    if (this.#socket.isClosed) throw new Error(`closed before ${JSON.stringify(message)}`);
    if (action === "subscribe" || action === "unsubscribe" || action === "acknowledge") {
      this.ledger.asks(id, message as unknown as Parameters<V2Ledger["asks"]>[1]);
    }
    const answer = this.waitFor(`an answer to ${JSON.stringify(message)}`, (one) => {
      const isAnswer = one.type === "ack" || one.type === "error" || one.type === "heartbeat";
      return isAnswer && one.id === id;
    }, { from: this.messages.length });
    answer.catch(() => {}); // when the sending fails, that is what counts
    await this.send(JSON.stringify({ id, ...message }));
    return await answer as ReceivedV2<AnswerV2>;
  }

  /** Subscribes, and returns the ack; an error fails. */
  subscribe(...channels: readonly (Asked | string)[]): Promise<ReceivedV2<Ack>> {
    return this.#acked({ action: "subscribe", channels });
  }

  /** Unsubscribes, and returns the ack. */
  unsubscribe(...channels: readonly string[]): Promise<ReceivedV2<Ack>> {
    return this.#acked({ action: "unsubscribe", channels });
  }

  /** Acknowledges alerts, and returns the ack. */
  acknowledge(
    ...alerts: readonly { readonly id: string; readonly seq?: number }[]
  ): Promise<ReceivedV2<Ack>> {
    return this.#acked({ action: "acknowledge", alerts });
  }

  /** Sends a heartbeat, and returns the answer. */
  heartbeat(): Promise<ReceivedV2<AnswerV2>> {
    return this.request({ action: "heartbeat" });
  }

  /** Sends text as it is, and returns the `error` that answers it. */
  async provoke(text: string): Promise<ReceivedV2<z.infer<typeof ErrorV2>>> {
    const from = this.messages.length;
    await this.send(text);
    return await this.waitForType("error", () => true, { from });
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

  /** Cuts the connection; throws what was found if no test has seen it yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
    this.#inbox.throwUnseenFault();
  }

  async #acked(message: Record<string, unknown>): Promise<ReceivedV2<Ack>> {
    const answer = await this.request(message);
    if (answer.type === "ack") return answer;
    throw new Error(`${JSON.stringify(message)} was answered with ${JSON.stringify(answer)}`);
  }

  #receive(text: string, atMs: number): void {
    if (this.#inbox.isFaulty) return;
    try {
      const message = decodeV2(text);
      this.ledger.takes(message);
      this.#inbox.push({ ...message, atMs });
      const { violations } = this.ledger;
      if (violations.length > 0) throw new LedgerError([...violations, text.slice(0, 600)]);
    } catch (error) {
      this.#inbox.fault(error as Error);
    }
  }
}
