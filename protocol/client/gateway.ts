/**
 * The client of a gateway: one connection, the channels on it, and requests.
 *
 * @module
 */
import { type ConnectOptions, type Endpoint, environmentOf, targetOf } from "./connect_options.ts";
import { Connection, type ConnectionState, type Message } from "./connection.ts";
import { Emitter, type HandlerErrorSink, reportToConsole } from "./emitter.ts";
import type { Environment } from "./environment.ts";
import { TelemetryError } from "./errors.ts";
import { EventLog, type LogOptions } from "./event_log.ts";
import { Feed } from "./feed.ts";
import type { FeedHost } from "./feed_user.ts";
import { GatewayClock } from "./gateway_clock.ts";
import { errorOf, Requests } from "./requests.ts";
import { Table, type TableOptions } from "./table.ts";
import type { AcknowledgedAlert, Channel, EventsFrame, SnapshotPart } from "./wire_types.ts";

/** How long an acknowledgement may take, in ms, reconnects included. */
const ACKNOWLEDGE_MILLIS = 30_000;

/** The dialect of subscribers. */
const ENDPOINT: Endpoint = {
  path: "/ws/telemetry",
  protocol: "telemetry.v2",
  reason: { method: "GET", path: "/api/v1/telemetry/system-warnings/events?afterSeq=0&limit=1" },
};

/** What a client announces. */
export interface GatewayEvents {
  /** It is connecting, live, waiting or ended now. */
  state: ConnectionState;
}

/** A client; {@link connect} makes one. */
export interface Gateway {
  /** What the connection is doing, and why. */
  readonly state: ConnectionState;
  /** Ms since the gateway's last sign of life; grows while nothing comes. */
  readonly silenceMs: number;
  /** The gateway's present time, epoch ms; of this machine as long as nothing was heard. */
  readonly now: number;
  /** A channel as a table. Tables and logs of one channel do not affect each other. */
  table<C extends Channel>(channel: C, options?: TableOptions): Table<C>;
  /** A channel as a log. */
  log<C extends Channel>(channel: C, options?: LogOptions): EventLog<C>;
  /**
   * Acknowledges alerts, all of them or none. Doing it twice is harmless: it waits for a connection,
   * and is repeated over a reconnect, for {@link ACKNOWLEDGE_MILLIS}.
   *
   * @throws {TelemetryError} `not_found`, `forbidden`, `unavailable`, `timeout`, or why it has ended.
   */
  acknowledge(
    ...alerts: { readonly id: string; readonly seq?: number }[]
  ): Promise<AcknowledgedAlert[]>;
  /** Adds a handler; the result removes it. What it throws is reported, and does no harm. */
  on<Name extends keyof GatewayEvents>(
    name: Name,
    handler: (event: GatewayEvents[Name]) => unknown,
  ): () => void;
  /** Ends it: logs end, tables stay as they are. */
  close(): void;
}

/**
 * Connects to a gateway, and keeps connected.
 *
 * @throws {TypeError} When the address is not one, or there is no WebSocket.
 */
export function connect(options: ConnectOptions): Gateway {
  const client = new Client(options, environmentOf(options));
  client.start();
  return client;
}

class Client implements Gateway {
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #emitter: Emitter<GatewayEvents>;
  readonly #feeds = new Map<string, Feed>();
  readonly #feedHost: FeedHost;
  readonly #time: GatewayClock;
  readonly #report: HandlerErrorSink;
  #isOpen = false;

  constructor(options: ConnectOptions, env: Environment) {
    this.#report = options.onHandlerError ?? reportToConsole;
    this.#emitter = new Emitter(this.#report);
    this.#time = new GatewayClock(env.clock);
    this.#connection = new Connection(targetOf(options, ENDPOINT), env, {
      opened: (welcome) => this.#opened(welcome),
      received: (message) => this.#receive(message),
      lost: (why) => this.#lost(why),
      changed: (state) => this.#emitter.emit("state", state),
    });
    this.#requests = new Requests(env.clock, (message) => this.#connection.send(message));
    this.#feedHost = {
      requests: this.#requests,
      clock: env.clock,
      fail: (why) => this.#connection.fail(why),
    };
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get silenceMs(): number {
    return this.#connection.silenceMs;
  }

  get now(): number {
    return this.#time.now();
  }

  start(): void {
    this.#connection.start();
  }

  table<C extends Channel>(channel: C, options: TableOptions = {}): Table<C> {
    const feed = this.#feed(channel);
    return new Table(channel, options, { feed, time: this.#time, report: this.#report });
  }

  log<C extends Channel>(channel: C, options: LogOptions = {}): EventLog<C> {
    return new EventLog(channel, options, this.#feed(channel));
  }

  acknowledge(
    ...alerts: { readonly id: string; readonly seq?: number }[]
  ): Promise<AcknowledgedAlert[]> {
    const wanted = alerts.map(({ id, seq }) => seq === undefined ? { id } : { id, seq });
    return new Promise((resolve, reject) => {
      if (this.state.status === "ended") return reject(this.state.why);
      const message = { action: "acknowledge", alerts: wanted };
      this.#requests.make(
        message,
        (answer) => {
          if (answer instanceof TelemetryError) reject(answer);
          else resolve((answer["alerts"] ?? []) as AcknowledgedAlert[]);
        },
        true,
        ACKNOWLEDGE_MILLIS,
      );
    });
  }

  on<Name extends keyof GatewayEvents>(
    name: Name,
    handler: (event: GatewayEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, handler);
  }

  close(): void {
    this.#connection.close();
  }

  #feed(channel: Channel): Feed {
    const { state } = this;
    if (state.status === "ended") throw state.why;
    const known = this.#feeds.get(channel);
    if (known !== undefined) return known;
    const feed = new Feed(channel, this.#feedHost);
    this.#feeds.set(channel, feed);
    if (this.#isOpen) feed.opened();
    return feed;
  }

  #opened(welcome: Message): void {
    this.#isOpen = true;
    this.#time.hear(welcome["timestamp"]);
    this.#requests.opened();
    for (const feed of [...this.#feeds.values()]) feed.opened();
  }

  /** Feeds first: what is unanswered is not theirs to repeat any more. */
  #lost(why: TelemetryError): void {
    this.#isOpen = false;
    for (const feed of [...this.#feeds.values()]) feed.lost(why);
    this.#requests.lost(why);
  }

  /** Types and keys that are not known are ignored: there may be more one day. */
  #receive(message: Message): void {
    const feed = this.#feeds.get(message["channel"] as string);
    switch (message["type"]) {
      case "events":
        return feed?.events(message as unknown as EventsFrame);
      case "snapshot":
        return feed?.snapshot(message as unknown as SnapshotPart);
      case "status":
        return feed?.status({
          state: message["state"] as "fresh",
          lastEventAt: message["lastEventAt"] as string | null,
        });
      case "heartbeat":
        return this.#time.hear(message["timestamp"]);
      case "ack":
      case "error":
        if (feed === undefined) this.#requests.answer(message);
        else {
          // The key lost rights: the subscription has ended, the connection has not.
          feed.lost(errorOf(message));
          feed.opened();
        }
    }
  }
}
