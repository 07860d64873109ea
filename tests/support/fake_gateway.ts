/**
 * A whole gateway in memory: the real actors and routes on a clock that stands still, with sockets
 * and a log that only remember.
 *
 * @module
 */
import { MAX_HOLD_MILLIS } from "../../actors/limits/lockout.ts";
import { createGateway, type Gateway } from "../../actors/gateway.ts";
import type { Connection } from "../../actors/connection/actor.ts";
import type { Peer } from "../../actors/connection/peer.ts";
import type { Hub } from "../../actors/hub/hub.ts";
import type { Logger, Principal, Scope, Store } from "../../actors/ports.ts";
import { MemoryStore } from "../../actors/store/memory.ts";
import type { ProtocolName, PublishReceipt } from "../../protocol/api.ts";
import { Config } from "../../protocol/config.ts";
import { parseSubmission } from "../../protocol/publish.ts";
import { endpointsOf } from "../../protocol/rest/endpoints.ts";
import { type AppOptions, createApp } from "../../routes/app.ts";
import { apiKey, KeyRing } from "../../routes/auth/api_keys.ts";
import { decodeV1, type V1Message } from "./decode_v1.ts";
import { BACKUP_MEDIA_TYPE } from "../../protocol/backup.ts";
import { assertAnswer, type Endpoints } from "./rest_answers.ts";
import { FakeSocket } from "./fake_socket.ts";
import { memoryKeyAdmin } from "./memory_keys_file.ts";
import { TestClock } from "./test_clock.ts";

/** The secret of the key `ops`, which may do everything. */
export const OPS_SECRET = "ops-secret";

/** The epoch of every sequence. */
export const FAKE_EPOCH = "e9c0de";

/** The address that HTTP requests come from. */
export const FAKE_ADDRESS = "127.0.0.9";

/** The headers of a well-formed WebSocket handshake. */
export const HANDSHAKE = {
  "Upgrade": "websocket",
  "Connection": "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": btoa("sixteen bytes ok"),
} as const;

/** One line of the log. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Remembers what was logged. */
export class RecordingLogger implements Logger {
  /** Every line in order. */
  readonly lines: LogLine[] = [];

  /** {@inheritDoc Logger.debug} */
  debug(message: string, properties: LogLine["properties"] = {}): void {
    this.lines.push({ level: "debug", message, properties });
  }

  /** {@inheritDoc Logger.info} */
  info(message: string, properties: LogLine["properties"] = {}): void {
    this.lines.push({ level: "info", message, properties });
  }

  /** {@inheritDoc Logger.warn} */
  warn(message: string, properties: LogLine["properties"] = {}): void {
    this.lines.push({ level: "warn", message, properties });
  }

  /** {@inheritDoc Logger.error} */
  error(message: string, properties: LogLine["properties"] = {}): void {
    this.lines.push({ level: "error", message, properties });
  }

  /** The lines of a connection, or those with a message, or both. */
  find(criteria: { readonly message?: string; readonly connectionId?: string }): LogLine[] {
    return this.lines.filter(({ message, properties }) =>
      (criteria.message === undefined || message === criteria.message) &&
      (criteria.connectionId === undefined || properties["connectionId"] === criteria.connectionId)
    );
  }
}

/**
 * A {@link FakeSocket} whose peer reads at once unless the test says otherwise, which decodes what it
 * was sent and, like the real one, drops what comes after the closing.
 */
export class PeerSocket extends FakeSocket {
  override readsAtOnce = true;
  /** What {@link PeerSocket.send} throws from now on: no real socket does, so it poisons effects. */
  sendError: Error | undefined;
  /** What {@link PeerSocket.send} does from now on instead of taking a frame. */
  sendFails: (() => void) | undefined;
  /** What {@link PeerSocket.close} throws from now on. */
  closeError: Error | undefined;

  /** Takes a frame while the socket is open, unless a failure was prepared. */
  override send(frame: string): void {
    if (this.sendError !== undefined) throw this.sendError;
    if (this.closings.length > 0) return;
    if (this.sendFails === undefined) super.send(frame);
    else this.sendFails();
  }

  /** Notes the closing handshake, or throws what was prepared. */
  override close(code: number, reason: string): void {
    if (this.closeError !== undefined) throw this.closeError;
    super.close(code, reason);
  }

  /** Every message so far, decoded as deployed clients do. */
  get messages(): V1Message[] {
    return this.frames.map(decodeV1);
  }

  /** The type of every message so far. */
  get types(): string[] {
    return this.messages.map(({ type }) => type);
  }

  /** The events so far. */
  get events(): V1Message[] {
    return this.messages.filter(({ type }) => type === "event");
  }

  /** The `meta.reason` of every error so far. */
  get errors(): string[] {
    return this.messages.filter(({ type }) => type === "error").map(({ meta }) => meta!["reason"]!);
  }

  /** The heartbeats so far: `server` or `ack`. */
  get heartbeats(): string[] {
    return this.messages.filter(({ type }) => type === "heartbeat").map(({ meta }) =>
      meta!["direction"]!
    );
  }

  /** The close codes so far. */
  get codes(): number[] {
    return this.closings.map(({ code }) => code);
  }
}

/** A connection with the socket that the test holds the other end of. */
export interface FakeClient {
  readonly connection: Connection;
  readonly socket: PeerSocket;
  /** Sends a message to the gateway; what is not text is written as JSON. */
  say(message: unknown): void;
}

/** How a client connects. */
export interface ConnectOptions {
  readonly clientId?: string;
  readonly channels?: readonly string[];
  readonly replay?: boolean;
  readonly principal?: Principal;
  readonly address?: string;
  readonly socket?: PeerSocket;
  /** v1 when absent. */
  readonly protocol?: ProtocolName;
}

/** What differs from the defaults. */
export interface FakeGatewayOptions {
  /** Options by section, as in a configuration file. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly store?: Store;
  readonly keys?: KeyRing;
  /** Time, when something beside the gateway goes by it. */
  readonly clock?: TestClock;
  /** Replaces dependencies of the routes. */
  readonly deps?: Partial<AppOptions>;
}

const EVERY_SCOPE: readonly Scope[] = ["subscribe", "publish", "acknowledge", "admin", "metrics"];

/** Somebody with a valid key. */
export function keyHolder(name = "desk", scopes: readonly Scope[] = EVERY_SCOPE): Principal {
  return { name, authenticated: true, scopes: new Set(scopes) };
}

/** Somebody without a key. */
export const ANONYMOUS: Principal = {
  name: "anonymous",
  authenticated: false,
  scopes: new Set<Scope>(["subscribe"]),
};

/** The peer of a handshake. */
export function fakePeer(options: ConnectOptions = {}): Peer {
  const { principal = keyHolder(), address = "10.0.0.1", clientId } = options;
  const { protocol = "telemetry.v1" } = options;
  const peer = { principal, address, protocol };
  return clientId === undefined ? peer : { ...peer, clientId };
}

/** The running gateway and everything around it that a test looks at. */
export class FakeGateway {
  readonly clock: TestClock;
  readonly log = new RecordingLogger();
  readonly config: Config;
  readonly gateway: Gateway;
  readonly #endpoints: Endpoints;
  /** How often it was asked to drain; it does not. */
  drains = 0;
  readonly app: ReturnType<typeof createApp>;

  /** Builds and starts it; {@link FakeGateway.stop} ends it. */
  constructor(options: FakeGatewayOptions = {}) {
    this.clock = options.clock ?? new TestClock();
    this.config = Config.parse(options.config ?? {});
    const store = options.store ?? new MemoryStore(this.config.telemetry.ringCapacity, FAKE_EPOCH);
    this.gateway = createGateway(this.config, this.clock, this.log, store);
    this.#endpoints = endpointsOf(this.gateway.channels);
    this.gateway.cluster.onDrain(() => void (this.drains += 1));
    this.app = createApp({
      config: this.config,
      clock: this.clock,
      log: this.log,
      keys: options.keys ?? new KeyRing([apiKey("ops", OPS_SECRET)]),
      channels: this.gateway.channels,
      hub: this.gateway.hub,
      eventLog: this.gateway.eventLog,
      intake: this.gateway.intake,
      history: this.gateway.history,
      metrics: this.gateway.metrics,
      refusals: this.gateway.refusals,
      lockout: this.gateway.lockout,
      requestRates: this.gateway.requestRates,
      limitHits: this.gateway.limitHits,
      audit: this.gateway.audit,
      keyAdmin: memoryKeyAdmin(),
      cluster: this.gateway.cluster,
      storeKind: store.kind,
      ...options.deps,
    });
  }

  get hub(): Hub {
    return this.gateway.hub;
  }

  /** Connects a client without HTTP; it must be admitted. */
  connect(options: ConnectOptions = {}): FakeClient {
    const admitted = this.hub.admit(fakePeer(options));
    if (!admitted.ok) throw new Error(`refused: ${admitted.code}`);
    const { connection } = admitted;
    const socket = options.socket ?? new PeerSocket();
    const { channels = [], replay = false } = options;
    this.hub.open(connection, socket, { channels, replay });
    const say = (message: unknown) =>
      connection.receive(typeof message === "string" ? message : JSON.stringify(message));
    return { connection, socket, say };
  }

  /** Publishes events in the JSON form, and lets them reach the clients. */
  async publish(...events: readonly unknown[]): Promise<PublishReceipt> {
    const { channels } = this.gateway;
    const submissions = events.map((event, index) => {
      const result = parseSubmission(event, `events[${index}]`, this.clock.epochMillis(), {
        channels,
      });
      if (!result.ok) throw new TypeError(JSON.stringify(result.faults));
      return result.submission;
    });
    return await this.settled(this.gateway.eventLog.append("floor", submissions));
  }

  /** Sends an HTTP request with the key that may do everything, unless told otherwise. */
  async request(
    path: string,
    init: RequestInit = {},
    secret: string | null = OPS_SECRET,
    hostname: string = FAKE_ADDRESS,
  ) {
    const headers = new Headers(init.headers);
    if (secret !== null) headers.set("x-api-key", secret);
    const url = new URL(path, "http://localhost:8080");
    if (!headers.has("host")) headers.set("host", url.host);
    const remoteAddr = { transport: "tcp", hostname, port: 50_000 } as const;
    const answer = this.app.fetch(new Request(url, { ...init, headers }), { remoteAddr });
    const response = await this.settled(Promise.resolve(answer));
    // Every answer of an endpoint is compared with its schema; backups are read as they are made.
    const contentType = response.headers.get("content-type");
    if (contentType !== null && contentType !== BACKUP_MEDIA_TYPE) {
      const text = await response.clone().text();
      assertAnswer(
        init.method ?? "GET",
        path,
        { status: response.status, contentType, text },
        this.#endpoints,
      );
    }
    return response;
  }

  /** Waits for what needs event-loop turns but no time, unless wrong keys are being slowed down. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => void (done = true);
    promise.then(finish, finish);
    while (!done) {
      // The answer to a wrong key may be held.
      const isHeld = this.gateway.lockout.stats.held > 0;
      await this.clock.advanceAsync(isHeld ? MAX_HOLD_MILLIS : 0);
    }
    return await promise;
  }

  stop(): void {
    this.hub.stop();
  }
}

/** Runs a test body with a gateway that is stopped afterwards. */
export async function withGateway(
  options: FakeGatewayOptions,
  body: (fake: FakeGateway) => void | Promise<void>,
): Promise<void> {
  const fake = new FakeGateway(options);
  try {
    await body(fake);
  } finally {
    fake.stop();
  }
}
