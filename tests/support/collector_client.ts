/**
 * A publisher on `/ws/collector`. Every message goes through the schema; one that does not fit it
 * fails whatever waits for an answer.
 *
 * @module
 */
import { CollectorServerMessage } from "../../protocol/collector/message.ts";
import { type RawClose, type RawOptions, RawWebSocket } from "./raw_websocket.ts";
import { DEFAULT_DEADLINE_MS, waitUntil, within } from "./wait.ts";

/** What to connect with. */
export interface CollectorOptions extends Omit<RawOptions, "onText"> {
  /** Sent as `X-API-Key`. */
  readonly apiKey: string;
  /** Made up when absent, so that no test is paced for what another did. */
  readonly clientId?: string;
}

/** A message of one type. */
export type Answer<Type extends CollectorServerMessage["type"]> = Extract<
  CollectorServerMessage,
  { type: Type }
>;

let lastClient = 0;

/** The address of `/ws/collector`. */
export function collectorUrl(wsUrl: string, clientId?: string): string {
  const url = new URL("/ws/collector", wsUrl);
  if (clientId !== undefined) url.searchParams.set("clientId", clientId);
  return url.href;
}

/** See the module. */
export class CollectorClient implements AsyncDisposable {
  /** Everything received, in order. */
  readonly messages: CollectorServerMessage[] = [];
  readonly #waiting = new Map<string, PromiseWithResolvers<CollectorServerMessage>>();
  #socket!: RawWebSocket;
  #fault: Error | undefined;
  #lastId = 0;

  private constructor() {}

  /**
   * Connects, and waits for the welcome.
   *
   * @param wsUrl `ws://host:port`
   * @throws {HandshakeRefused} When the server answers with another status than 101.
   */
  static async connect(wsUrl: string, options: CollectorOptions): Promise<CollectorClient> {
    const { apiKey, headers, clientId = `collector-${++lastClient}` } = options;
    const client = new CollectorClient();
    client.#socket = await RawWebSocket.open(collectorUrl(wsUrl, clientId), {
      ...options,
      headers: { "X-API-Key": apiKey, ...headers },
      onText: (text) => client.#receive(text),
    });
    client.#socket.closed.then((close) =>
      client.#fail(new Error(`closed before an answer: ${Deno.inspect(close)}`))
    );
    if (options.reading !== false) {
      await waitUntil("the welcome", () => client.messages.length, (count) => count > 0);
    }
    return client;
  }

  /** The connection underneath, for what a well-behaved publisher does not do. */
  get socket(): RawWebSocket {
    return this.#socket;
  }

  /** How the connection ended. */
  get closed(): Promise<RawClose> {
    return this.#socket.closed;
  }

  /** The messages of one type so far. */
  received<Type extends CollectorServerMessage["type"]>(type: Type): Answer<Type>[] {
    return this.messages.filter((message) => message.type === type) as Answer<Type>[];
  }

  /**
   * Sends a message under an id of its own, and waits for what is answered under it.
   *
   * @throws {Error} When the connection ends before, or no answer comes in time.
   */
  async ask(
    message: Readonly<Record<string, unknown>>,
    withinMs: number = DEFAULT_DEADLINE_MS,
  ): Promise<CollectorServerMessage> {
    const id = String(++this.#lastId);
    const answer = Promise.withResolvers<CollectorServerMessage>();
    this.#waiting.set(id, answer);
    if (this.#fault !== undefined) this.#fail(this.#fault);
    // A connection that is gone fails the answer as well, and says more.
    this.send(JSON.stringify({ id, ...message })).catch(() => {});
    return await within(`an answer to ${id}`, answer.promise, withinMs);
  }

  /** Publishes a batch, and returns its ack or the error that answers it. */
  async publish(
    events: readonly unknown[],
    withinMs?: number,
  ): Promise<Answer<"ack"> | Answer<"error">> {
    const answer = await this.ask({ action: "publish", events }, withinMs);
    if (answer.type === "ack" || answer.type === "error") return answer;
    throw new Error(`not an answer to a publication: ${JSON.stringify(answer)}`);
  }

  /** Publishes a batch that must be stored. */
  async store(events: readonly unknown[]): Promise<Answer<"ack">> {
    const answer = await this.publish(events);
    if (answer.type === "ack") return answer;
    throw new Error(`refused: ${JSON.stringify(answer)}`);
  }

  /** Sends a heartbeat, and returns what answers it. */
  heartbeat(channels?: readonly string[]): Promise<CollectorServerMessage> {
    return this.ask({ action: "heartbeat", ...(channels !== undefined && { channels }) });
  }

  /** Sends text as it is, and returns the `error` that answers it. */
  async provoke(text: string): Promise<Answer<"error">> {
    const from = this.received("error").length;
    await this.send(text);
    const errors = await waitUntil(
      "an error",
      () => this.received("error"),
      (errors) => errors.length > from,
    );
    return errors[from]!;
  }

  /** Sends text as it is. */
  send(text: string): Promise<void> {
    return this.#socket.send(text);
  }

  /** Cuts the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }

  #receive(text: string): void {
    let message: CollectorServerMessage;
    try {
      message = CollectorServerMessage.parse(JSON.parse(text));
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.messages.push(message);
    const id = "id" in message ? message.id : undefined;
    if (id === undefined) return;
    this.#waiting.get(id)?.resolve(message);
    this.#waiting.delete(id);
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}
