/**
 * A publisher: every event is stored at the gateway once, in the order of publishing, whatever
 * happens to the connection, and with a file to this program.
 *
 * @module
 */
import { Backoff } from "./backoff.ts";
import { Batcher, type PublishEvent } from "./batcher.ts";
import { type ConnectOptions, type Endpoint, environmentOf, targetOf } from "./connect_options.ts";
import { Connection, type ConnectionState, type Message } from "./connection.ts";
import { Emitter, type HandlerErrorSink, reportToConsole } from "./emitter.ts";
import type { ClientClock, Environment } from "./environment.ts";
import { TelemetryError } from "./errors.ts";
import { memoryOutbox, type Outbox, type OutboxEntry } from "./outbox.ts";
import { errorOf } from "./requests.ts";
import type { Channel } from "./wire_types.ts";

/** How long the gateway may take to store a batch, in ms. */
const STORE_MILLIS = 30_000;

/** How often the gateway is told that the publisher of declared channels lives, in ms. */
const DECLARE_MILLIS = 5_000;

/** The dialect of publishers. An empty batch needs their scope, and stores nothing. */
const ENDPOINT: Endpoint = {
  path: "/ws/collector",
  protocol: "telemetry.collector",
  reason: { method: "POST", path: "/api/v1/telemetry/events", body: "[]" },
};

/** Whom to publish to, as whom, and what is kept meanwhile. */
export interface PublisherOptions extends ConnectOptions {
  /** Where events wait; in memory when absent. */
  readonly outbox?: Outbox;
  /**
   * Channels whose only publisher this is: from now on watchers are told when it goes silent.
   */
  readonly declares?: readonly Channel[];
}

/** What a publisher announces. */
export interface PublisherEvents {
  /** It is connecting, live, waiting or ended now. */
  state: ConnectionState;
  /** An event can never be stored; it has left the outbox. */
  rejected: { readonly event: unknown; readonly error: TelemetryError };
}

/** A publisher; {@link publisher} makes one. */
export interface Publisher {
  /** What the connection is doing, and why. */
  readonly state: ConnectionState;
  /** Events that are not stored yet. */
  readonly pending: number;
  /**
   * Publishes events in order. They get an `eventId` unless they bring one.
   *
   * @returns Resolves when all are stored at the gateway. Nobody has to wait for it.
   * @throws {TelemetryError} `outbox_full`; `rejected`, with the others stored; or why it has ended.
   */
  publish<C extends Channel>(...events: PublishEvent<C>[]): Promise<void>;
  /** Resolves when nothing is pending. @throws {TelemetryError} Why it has ended. */
  flush(): Promise<void>;
  /** Adds a handler; the result removes it. */
  on<Name extends keyof PublisherEvents>(
    name: Name,
    handler: (event: PublisherEvents[Name]) => unknown,
  ): () => void;
  /** Ends it. What is pending stays in a file, and is sent by the next publisher that opens it. */
  close(): Promise<void>;
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function deferred(): Deferred {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}

/** Connects, sends what is in the outbox, and then what is published. */
export function publisher(options: PublisherOptions): Publisher {
  return new Publishing(options, environmentOf(options));
}

class Publishing implements Publisher {
  readonly #connection: Connection;
  readonly #clock: ClientClock;
  readonly #emitter: Emitter<PublisherEvents>;
  readonly #report: HandlerErrorSink;
  readonly #batcher = new Batcher();
  readonly #backoff: Backoff;
  readonly #outbox: Outbox;
  readonly #declares: readonly Channel[];
  readonly #life = crypto.randomUUID();
  readonly #waiters = new Map<string, Deferred>();
  /** The outbox, one call after another. */
  #outboxTurn: Promise<unknown>;
  #lastEvent = 0;
  #lastBatch = 0;
  #live = false;
  #flight: { readonly id: string; readonly entries: readonly OutboxEntry[] } | undefined;
  #timer: unknown;
  #declareTimer: unknown;
  #flushed: Deferred | undefined;

  constructor(options: PublisherOptions, env: Environment) {
    this.#clock = env.clock;
    this.#report = options.onHandlerError ?? reportToConsole;
    this.#emitter = new Emitter(this.#report);
    this.#backoff = new Backoff(env.random);
    this.#declares = options.declares ?? [];
    this.#connection = new Connection(targetOf(options, ENDPOINT), env, {
      opened: (welcome) => this.#opened(welcome),
      received: (message) => this.#receive(message),
      lost: (why) => this.#lost(why),
      changed: (state) => this.#emitter.emit("state", state),
    });
    this.#outbox = options.outbox ?? memoryOutbox();
    this.#outboxTurn = this.#outbox.open().then((entries) => {
      this.#batcher.add(entries);
      if (this.state.status !== "ended") this.#connection.start();
    });
    this.#outboxTurn.catch((cause) => {
      this.#connection.fail(
        new TelemetryError("unavailable", "the outbox cannot be opened", { cause, final: true }),
      );
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get pending(): number {
    return this.#batcher.size;
  }

  publish<C extends Channel>(...events: PublishEvent<C>[]): Promise<void> {
    const entries = events.map((event): OutboxEntry => {
      const eventId = event.eventId ?? `${this.#life}-${++this.#lastEvent}`;
      return { eventId, text: JSON.stringify({ ...event, eventId }) };
    });
    const stored = this.#append(entries);
    stored.catch(() => {}); // Nobody has to wait for it.
    return stored;
  }

  async #append(entries: readonly OutboxEntry[]): Promise<void> {
    await this.#inTurn(() => this.#outbox.append(entries));
    const { state } = this;
    if (state.status === "ended") throw state.why;
    const waiters = entries.map(({ eventId }) => {
      const waiter = deferred();
      waiter.promise.catch(() => {});
      this.#waiters.set(eventId, waiter);
      return waiter.promise;
    });
    this.#batcher.add(entries);
    this.#pump();
    await Promise.all(waiters);
  }

  async flush(): Promise<void> {
    await this.#outboxTurn;
    const { state } = this;
    if (this.#batcher.size === 0) return;
    if (state.status === "ended") throw state.why;
    this.#flushed ??= deferred();
    await this.#flushed.promise;
  }

  on<Name extends keyof PublisherEvents>(
    name: Name,
    handler: (event: PublisherEvents[Name]) => unknown,
  ): () => void {
    return this.#emitter.on(name, handler);
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#inTurn(() => this.#outbox.close());
  }

  #inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const turn = this.#outboxTurn.then(action);
    this.#outboxTurn = turn.catch(() => {});
    return turn;
  }

  #opened({ maxBatchEvents, maxMessageBytes }: Message): void {
    this.#live = true;
    this.#batcher.limit(Number(maxBatchEvents ?? 1_000), Number(maxMessageBytes ?? 65_536));
    this.#declare();
    this.#pump();
  }

  #lost(why: TelemetryError): void {
    this.#live = false;
    this.#flight = undefined;
    this.#clock.clearTimeout(this.#timer);
    this.#clock.clearTimeout(this.#declareTimer);
    if (!why.final) return;
    for (const { reject } of this.#waiters.values()) reject(why);
    this.#waiters.clear();
    this.#flushed?.promise.catch(() => {});
    this.#flushed?.reject(why);
  }

  #declare(): void {
    if (this.#declares.length === 0) return;
    this.#connection.send({ action: "heartbeat", channels: this.#declares });
    this.#declareTimer = this.#clock.setTimeout(() => this.#declare(), DECLARE_MILLIS);
  }

  /** One batch at a time: only so a batch that has to be sent again keeps its place in the order. */
  #pump(): void {
    if (!this.#live || this.#flight !== undefined) return;
    const entries = this.#batcher.next();
    if (entries.length === 0) return;
    const id = String(++this.#lastBatch);
    this.#flight = { id, entries };
    const events = entries.map(({ text }) => text).join(",");
    this.#connection.send(`{"id":"${id}","action":"publish","events":[${events}]}`);
    this.#timer = this.#clock.setTimeout(() => {
      this.#connection.fail(new TelemetryError("stalled", "a batch is not answered"));
    }, STORE_MILLIS);
  }

  #receive(message: Message): void {
    const { type, id } = message;
    if (type !== "ack" && type !== "error") return;
    // Without an id the message was not read; there is only one that it can be about.
    const flight = this.#flight;
    if (flight === undefined || (id !== undefined && id !== flight.id)) return;
    this.#clock.clearTimeout(this.#timer);
    if (type === "ack") this.#settle(flight.entries, undefined);
    else this.#refused(message, flight.entries);
  }

  #refused(message: Message, entries: readonly OutboxEntry[]): void {
    const error = errorOf(message);
    if (!error.final) {
      // The batch stays in flight meanwhile, so that nothing overtakes it.
      const waitMs = this.#backoff.next(0, error.retryAfterMs ?? 0);
      this.#timer = this.#clock.setTimeout(() => {
        this.#flight = undefined;
        this.#pump();
      }, waitMs);
      return;
    }
    const faulty = this.#batcher.blame(message["faults"], entries);
    if (faulty.length > 0) return this.#settle(faulty, error);
    this.#flight = undefined;
    this.#pump();
  }

  /** Events that are stored, or never will be, leave the outbox. */
  #settle(entries: readonly OutboxEntry[], error: TelemetryError | undefined): void {
    this.#batcher.remove(entries);
    const ids = entries.map(({ eventId }) => eventId);
    this.#inTurn(() => this.#outbox.remove(ids)).catch(this.#report);
    const rejection = error && new TelemetryError("rejected", error.message, { final: true });
    for (const { eventId, text } of entries) {
      const waiter = this.#waiters.get(eventId);
      this.#waiters.delete(eventId);
      if (rejection === undefined) waiter?.resolve();
      else {
        waiter?.reject(rejection);
        this.#emitter.emit("rejected", { event: JSON.parse(text), error: rejection });
      }
    }
    this.#flight = undefined;
    if (this.#batcher.size === 0) {
      this.#flushed?.resolve();
      this.#flushed = undefined;
    }
    this.#pump();
  }
}
