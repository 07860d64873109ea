/**
 * One connection of a client under test, over bare TCP: it can be answered in every way there is.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { writeAll } from "../../support/raw_http.ts";
import { closePayload, encodeFrame, FrameParser, OPCODE } from "../../support/ws_frames.ts";
import { MessageAssembler } from "../../support/ws_messages.ts";
import type { HonestGateway, Message, TestedChannel } from "./honest_gateway.ts";

/** The constant of RFC 6455 §1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What a peer does instead of sending a message: nothing, several messages, or bytes of its own. */
export type Changed = readonly (Message | string | Uint8Array)[];

/** How a gateway misbehaves once a connection is open. */
export interface Behaviour {
  /** Fields of the welcome. */
  readonly welcome?: Message;
  /** Changes what is sent; called in the order of sending. */
  readonly change?: (message: Message, peer: Peer) => Changed | undefined;
  /** Answers a request itself when it returns true. */
  readonly answer?: (request: Message, peer: Peer) => boolean;
  /** Writes the bytes of a frame in another way. */
  readonly write?: (frame: Uint8Array, send: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
}

/** See the module. */
export class Peer {
  /** Requests of the client. */
  readonly requests: Message[] = [];
  /** Channels with a subscription. */
  readonly subscribed = new Set<TestedChannel>();
  /** Whether the client ended the connection, or it was cut. */
  isOver = false;
  /** Whether nothing is read any more, as on a half-open connection. */
  isDeaf = false;
  readonly #connection: Deno.TcpConn;
  readonly #gateway: HonestGateway;
  readonly #behaviour: Behaviour;
  #writes: Promise<void> = Promise.resolve();

  /** Takes over a connection whose request was read. */
  constructor(connection: Deno.TcpConn, gateway: HonestGateway, behaviour: Behaviour) {
    this.#connection = connection;
    this.#gateway = gateway;
    this.#behaviour = behaviour;
  }

  /** Accepts the handshake, welcomes and serves until the connection is over. */
  async serve(key: string, rest: Uint8Array): Promise<void> {
    const accept = createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
    this.#write(
      new TextEncoder().encode(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: telemetry.v2\r\n\r\n`,
      ),
    );
    this.say({
      type: "welcome",
      protocol: "telemetry.v2",
      version: "0.1.0",
      features: [],
      clientId: "tested",
      connectionId: "c-1",
      heartbeatIntervalSeconds: 15,
      rateLimitPerSecond: 0,
      flushIntervalMs: 50,
      timestamp: Date.now(),
      ...this.#behaviour.welcome,
    });
    await this.#read(rest);
  }

  /** Sends a message, as the behaviour changes it. */
  say(message: Message): void {
    for (const one of this.#behaviour.change?.(message, this) ?? [message]) this.sayAsIs(one);
  }

  /** Sends a message, a text or bytes as they are. */
  sayAsIs(one: Message | string | Uint8Array): void {
    if (one instanceof Uint8Array) return this.#write(one);
    const text = typeof one === "string" ? one : JSON.stringify(one);
    const payload = new TextEncoder().encode(text);
    this.#write(encodeFrame({ opcode: OPCODE.text, payload, mask: null }));
  }

  /** Sends a Close frame and ends the connection when it is written. */
  close(code: number, reason = "because"): void {
    this.#write(
      encodeFrame({ opcode: OPCODE.close, payload: closePayload(code, reason), mask: null }),
    );
    this.#writes.then(() => setTimeout(() => this.cut(), 100));
  }

  /** Ends the connection without a word, after what was sent. */
  cut(): void {
    this.isOver = true;
    this.#writes.finally(() => {
      try {
        this.#connection.close();
      } catch {
        // Closed already.
      }
    });
  }

  #write(bytes: Uint8Array): void {
    const send = (part: Uint8Array) => writeAll(this.#connection, part);
    const write = this.#behaviour.write ?? ((frame: Uint8Array) => send(frame));
    // A client that is gone does not care.
    this.#writes = this.#writes.then(() => write(bytes, send)).catch(() => {});
  }

  async #read(rest: Uint8Array): Promise<void> {
    const parser = new FrameParser();
    const assembler = new MessageAssembler();
    parser.push(rest);
    const buffer = new Uint8Array(65_536);
    try {
      while (!this.isOver) {
        for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
          // The assembler is made for what servers send, which is not masked.
          const message = assembler.take({ ...frame, masked: false });
          if (this.isDeaf) continue;
          if (message?.kind === "text") this.#receive(JSON.parse(message.text));
          if (message?.kind === "close") this.cut();
        }
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        parser.push(buffer.subarray(0, count));
      }
    } catch {
      // Reset by the client, or cut by us.
    }
    this.cut();
  }

  #receive(request: Message): void {
    this.requests.push(request);
    if (this.#behaviour.answer?.(request, this) === true) return;
    this.answer(request);
  }

  /** Answers a request honestly, but for what the behaviour changes. */
  answer({ id, action, channels = [] }: Message): void {
    if (action === "heartbeat") {
      return this.say({ type: "heartbeat", id, direction: "ack", timestamp: Date.now() });
    }
    const acked: Message = {};
    const frames: Message[] = [];
    for (const one of channels) {
      const { name, since, snapshot = false } = typeof one === "string" ? { name: one } : one;
      if (action === "subscribe") {
        const isKnown = this.subscribed.has(name);
        const opening = this.#gateway.open(name, isKnown ? undefined : since, snapshot);
        acked[name] = opening.acked;
        frames.push(...opening.frames);
        this.subscribed.add(name);
      } else if (this.subscribed.delete(name)) {
        acked[name] = this.#gateway.open(name, undefined, false).acked;
      }
    }
    this.say({ type: "ack", id, ok: true, channels: acked });
    for (const frame of frames) this.say(frame);
  }
}
