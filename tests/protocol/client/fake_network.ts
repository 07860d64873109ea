/**
 * A gateway's end of the wire that does nothing by itself: tests say what it says, and when. Time
 * stands still.
 *
 * @module
 */
import { connect, type ConnectOptions, type Gateway } from "../../../protocol/client/mod.ts";
import type { SocketLike } from "../../../protocol/client/environment.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A parsed message. */
// deno-lint-ignore no-explicit-any -- messages are looked at by tests alone
export type Said = Record<string, any>;

/** The epoch of every sequence, unless a test says otherwise. */
export const EPOCH = "e1";

/** One connection, from the gateway's end. */
export class FakeConnection implements SocketLike {
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  /** What the client sent. */
  readonly said: Said[] = [];
  /** Whether the client closed it. */
  closed = false;
  /** The address that was asked for. */
  readonly url: string;
  /** The subprotocols that were offered. */
  readonly protocols: string[];

  /** Opened by the client. */
  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  /** {@inheritDoc SocketLike.send} */
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  /** {@inheritDoc SocketLike.close} */
  close(): void {
    this.closed = true;
  }

  /** Says something to the client; text goes as it is. */
  say(message: Said | string): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** Welcomes the client. */
  welcome(fields: Said = {}): void {
    this.say({
      type: "welcome",
      connectionId: "c-1",
      heartbeatIntervalSeconds: 15,
      timestamp: 1_000_000,
      ...fields,
    });
  }

  /** Ends it. */
  end(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }

  /** The requests of an action. */
  requests(action: string): Said[] {
    return this.said.filter((message) => message["action"] === action);
  }

  /** The last request of an action. */
  last(action: string): Said {
    const request = this.requests(action).at(-1);
    if (request === undefined) throw new Error(`no ${action} among ${JSON.stringify(this.said)}`);
    return request;
  }

  /** Answers the last subscription. */
  ack(seq: number, fields: Said = {}): void {
    const { id, channels: [{ name }] } = this.last("subscribe");
    this.say({ type: "ack", id, ok: true, channels: { [name]: { epoch: EPOCH, seq, ...fields } } });
  }

  /** Answers the last unsubscription. */
  ackUnsubscribe(): void {
    const { id } = this.last("unsubscribe");
    this.say({ type: "ack", id, ok: true, channels: {} });
  }

  /** Sends a whole snapshot. */
  snapshot(channel: string, seq: number, events: Said[], fields: Said = {}): void {
    this.say({ type: "snapshot", channel, epoch: EPOCH, seq, events, last: true, ...fields });
  }

  /** Sends a frame from a number on, one number for each event unless told otherwise. */
  frame(channel: string, from: number, events: Said[], fields: Said = {}): void {
    const to = from + events.length - 1;
    this.say({
      type: "events",
      channel,
      from,
      to,
      skipped: 0,
      filtered: 0,
      replay: false,
      events,
      ...fields,
    });
  }
}

/** The platform that the client sees. */
export class FakeNetwork {
  readonly clock = new TestClock();
  readonly connections: FakeConnection[] = [];
  /** What handlers threw. */
  readonly reported: unknown[] = [];
  /** What {@link Math.random} would give. */
  random = 0.5;
  /** Answers the question why a handshake failed; nobody answers when absent. */
  answer: (() => Response) | undefined;
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });

  /** The present connection. */
  get connection(): FakeConnection {
    return this.connections.at(-1)!;
  }

  /** The platform. */
  get environment(): NonNullable<ConnectOptions["environment"]> {
    const { connections } = this;
    return {
      clock: this.clock,
      random: () => this.random,
      fetch: () => {
        if (this.answer === undefined) return Promise.reject(new TypeError("no route to host"));
        return Promise.resolve(this.answer());
      },
      window: this.window,
      document: this.document,
      WebSocket: class extends FakeConnection {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          connections.push(this);
        }
      },
    };
  }

  /** A client on this network. */
  connect(options: Partial<ConnectOptions> = {}): Gateway {
    return connect({
      url: "ws://gateway.test/ws/telemetry",
      onHandlerError: (error) => this.reported.push(error),
      environment: this.environment,
      ...options,
    });
  }

  /** A client that was welcomed. */
  live(options: Partial<ConnectOptions> = {}): Gateway {
    const gateway = this.connect(options);
    this.connection.welcome();
    return gateway;
  }
}

/** An event of a position. */
export function row(seq: number, id: string, fields: Said = {}): Said {
  return { seq, timestamp: 1_000_000, data: { id, status: "OPEN", seq, ...fields } };
}

/** How a gateway says that a place cannot be recovered, by the reason. */
export const UNRECOVERED = [
  { reason: "not_recoverable", epoch: EPOCH, fields: { recovered: false, lost: 30 } },
  { reason: "rolled_back", epoch: EPOCH, fields: { recovered: false, lost: 0 } },
  { reason: "epoch_changed", epoch: "e2", fields: { recovered: false, epoch: "e2" } },
] as const;
