/**
 * The hub: admits connections, supervises their actors, keeps time for them, and ends them.
 *
 * @module
 */
import { type Actor, createActor } from "xstate";
import type { ClientInfo, ErrorCode } from "../../protocol/api.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import { Connection } from "../connection/actor.ts";
import { Admission } from "../connection/admission.ts";
import type { Peer } from "../connection/peer.ts";
import type { SocketQuery } from "../connection/session.ts";
import type { ConnectionObserver, SessionDeps } from "../connection/sessions.ts";
import type {
  ChannelStats,
  ChannelStatus,
  GatewayStats,
  HubStatus,
  Operations,
} from "../operations.ts";
import type { Socket } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { announceStatus, announceWarning } from "./announcement.ts";
import { drainInWaves } from "./drain.ts";
import { hubLogic } from "./lifecycle.ts";
import { PauseGuard } from "./pause_guard.ts";
import { Registry } from "./registry.ts";
import { sweep, type SweeperDeps } from "./sweeper.ts";

/** Longest time between two sweeps, in ms. */
export const SWEEP_MILLIS = 250;

/** Hears of what the gateway tells its clients about itself. */
export interface HubObserver extends ConnectionObserver {
  /** Clients are served; called a few times a second. */
  look(): void;
  /** Every connection is about to be closed. */
  shuttingDown(): void;
}

/** What the hub works with. */
export interface HubDeps extends SessionDeps, SweeperDeps {
  /** Hears of time, slow clients and the end. */
  readonly observer: HubObserver;
  /** The channels, for their numbers. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** Identifies this process in connection ids. */
  readonly instance: string;
  /** Most seats in all. */
  readonly maxConnections: number;
  /** Most seats for one address. */
  readonly maxConnectionsPerAddress: number;
  /** Most seats for one key. */
  readonly maxConnectionsPerKey: number;
}

/** The answer to a handshake. */
export type Admittance =
  | {
    readonly ok: true;
    /** Its `holdMillis` say how long to wait before the upgrade. */
    readonly connection: Connection;
  }
  | {
    readonly ok: false;
    readonly code: ErrorCode;
    readonly message: string;
    /** When to come back, in whole seconds. */
    readonly retryAfterSeconds?: number;
  };

/** The supervisor of all connections. */
export class Hub implements Operations {
  readonly #deps: HubDeps;
  readonly #lifecycle: Actor<ReturnType<typeof hubLogic>>;
  readonly #registry = new Registry();
  readonly #admission: Admission;
  readonly #endings: Partial<Record<EndingCause | "peer" | "refused", number>> = {};
  readonly #startedAt: number;
  #accepted = 0;
  #failures = 0;
  #nextId = 0;
  #ticker: unknown;
  readonly #pauses = new PauseGuard();
  readonly #whenEmpty: (() => void)[] = [];

  /** Starts the hub's actor and its ticker. */
  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#admission = new Admission(deps.clock);
    this.#lifecycle = createActor(
      hubLogic({
        finished: (id) => this.#ended(id),
        failed: (id, error) => this.#failed(id, error),
      }),
      { clock: deps.clock },
    );
    this.#lifecycle.subscribe({ error: (error) => deps.log.error("hub failed", { error }) });
    this.#lifecycle.start();
    this.#arm();
  }

  /** Running, draining or stopped. */
  get status(): HubStatus {
    return this.#lifecycle.getSnapshot().context;
  }

  /** Decides on a handshake of a known peer and, when it may come in, starts its actor. */
  admit(peer: Peer): Admittance {
    const connection = new Connection(this.#deps, this.#newId(), peer, this.#lifecycle);
    this.#registry.add(connection);
    connection.actor.start();
    const refusal = this.#refusalOf(peer);
    if (refusal === undefined) {
      connection.holdMillis = this.#admission.holdFor(peer);
      return { ok: true, connection };
    }
    connection.refuse(refusal.code);
    return refusal;
  }

  /** The socket of an admitted connection is open. A connection of the same identity gives way. */
  open(connection: Connection, socket: Socket, query: SocketQuery): void {
    if (connection.cause !== undefined) {
      this.#registry.linger(connection, this.#deps.clock.now());
    } else {
      this.#accepted += 1;
      const previous = this.#registry.claim(connection);
      if (previous !== undefined) {
        const { id: connectionId, clientId } = previous;
        this.#deps.log.info("replaced", { connectionId, clientId, by: connection.id });
        previous.end("replaced");
      }
    }
    connection.open(socket, query);
  }

  /** The socket of a connection is gone, for whatever reason. Idempotent. */
  closed(connection: Connection, code: number): void {
    connection.socketClosed(code);
    this.#registry.release(connection);
    this.#checkEmpty();
  }

  /** Tells every client that is subscribed to system-warnings of one that has no number. */
  announceWarning(warning: SystemWarning): void {
    const { clock, streams } = this.#deps;
    const { epoch } = streams.get("system-warnings")!.log;
    announceWarning(this.#registry.live.values(), warning, epoch, clock.epochMillis());
  }

  /** Tells every client that is subscribed to a channel of its state. */
  announceStatus(status: ChannelStatus): void {
    announceStatus(this.#registry.live.values(), status);
  }

  /** {@inheritDoc Operations.clients} */
  *clients(after = ""): Generator<ClientInfo> {
    // Ids are handed out in order, so the registry's order is theirs.
    for (const [id, connection] of this.#registry.live) {
      if (id > after) yield connection.describe();
    }
  }

  /** {@inheritDoc Operations.clientsById} */
  clientsById(id: string): readonly ClientInfo[] {
    return this.#find(id).map((connection) => connection.describe());
  }

  /** {@inheritDoc Operations.disconnect} */
  disconnect(id: string, reason: string, banSeconds: number, principal: string): number {
    const found = this.#find(id);
    for (const connection of found) {
      const { id: connectionId, clientId } = connection;
      const details = { connectionId, clientId, principal, reason, banSeconds };
      this.#deps.log.warn("forced disconnect", details);
      if (banSeconds > 0) this.#admission.ban(connection.peer, banSeconds);
      connection.end("disconnected", reason);
    }
    return found.length;
  }

  /** {@inheritDoc Operations.stats} */
  stats(): GatewayStats {
    const { clock, streams } = this.#deps;
    const states = { connecting: 0, open: 0, throttled: 0 };
    for (const connection of this.#registry.live.values()) {
      if (connection.subscriber === undefined) states.connecting += 1;
      else states.open += 1;
      if (connection.subscriber?.throttle !== undefined) states.throttled += 1;
    }
    const channels = CHANNELS.map((channel) => [channel, describe(streams.get(channel)!)]);
    return {
      status: this.status,
      uptimeMillis: clock.now() - this.#startedAt,
      activeConnections: states.open,
      connecting: states.connecting,
      lingering: this.#registry.lingering,
      throttled: states.throttled,
      accepted: this.#accepted,
      endings: { ...this.#endings },
      failures: this.#failures,
      channels: Object.fromEntries(channels) as Record<Channel, ChannelStats>,
    };
  }

  /**
   * Refuses handshakes from now on, closes every connection in waves, and waits for the sockets to
   * go.
   *
   * @param deadlineMillis How long to wait, in ms.
   * @returns How many sockets are still there.
   */
  async drain(deadlineMillis: number): Promise<number> {
    this.#lifecycle.send({ type: "DRAIN" });
    this.#deps.observer.shuttingDown();
    drainInWaves([...this.#registry.live.values()], this.#deps.clock, deadlineMillis / 2);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty.push(resolve);
    const timer = this.#deps.clock.setTimeout(resolve, deadlineMillis);
    this.#checkEmpty();
    await promise;
    this.#deps.clock.clearTimeout(timer);
    return this.#registry.live.size + this.#registry.lingering;
  }

  /** Stops the ticker and the hub's actor. */
  stop(): void {
    this.#lifecycle.send({ type: "STOP" });
    this.#lifecycle.stop();
    this.#deps.clock.clearTimeout(this.#ticker);
  }

  /** A connection actor that fails costs its own socket and nothing else. */
  #failed(id: string, error: unknown): void {
    const { log } = this.#deps;
    this.#failures += 1;
    log.error("connection failed", { connectionId: id, error });
    try {
      this.#registry.live.get(id)?.release({ by: "gateway", cause: "internalError" });
    } catch (error) {
      log.error("socket not closed", { connectionId: id, error });
    }
    this.#ended(id);
  }

  #ended(id: string): void {
    const connection = this.#registry.live.get(id);
    if (connection === undefined) return;
    const cause = connection.cause!;
    const label = cause.by === "gateway" ? cause.cause : cause.by === "peer" ? "peer" : "refused";
    this.#endings[label] = (this.#endings[label] ?? 0) + 1;
    if (cause.by === "gateway") this.#admission.recordClosing(connection.peer);
    if (label === "slowConsumer") {
      this.#deps.observer.slowConsumer(connection.peer, connection.id, "closed");
    }
    this.#registry.leave(connection, this.#deps.clock.now());
    this.#checkEmpty();
  }

  #refusalOf(peer: Peer): Extract<Admittance, { ok: false }> | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerKey } = this.#deps;
    if (this.status !== "running") {
      return refuse("DRAINING", "the gateway is shutting down; reconnect shortly", 5);
    }
    const banned = this.#admission.bannedFor(peer);
    if (banned > 0) {
      const seconds = Math.ceil(banned / 1_000);
      return refuse("BANNED", "this client was disconnected by an administrator", seconds);
    }
    // The seat of this handshake is counted already.
    if (this.#registry.seats > maxConnections) {
      return refuse("OVERLOADED", "the gateway has all the connections that it can serve", 10);
    }
    if (this.#registry.seatsOfAddress(peer.address) > maxConnectionsPerAddress) {
      return refuse("TOO_MANY_CONNECTIONS", "too many connections from this address", 10);
    }
    if (this.#registry.seatsOfPrincipal(peer.principal.name) > maxConnectionsPerKey) {
      return refuse("TOO_MANY_CONNECTIONS", "too many connections with this key", 10);
    }
    return undefined;
  }

  #find(id: string): readonly Connection[] {
    const exact = this.#registry.live.get(id);
    if (exact !== undefined) return [exact];
    return [...this.#registry.live.values()].filter((connection) => connection.clientId === id);
  }

  #arm(): void {
    const { clock, observer, heartbeatIntervalMillis } = this.#deps;
    const periodMillis = Math.min(SWEEP_MILLIS, heartbeatIntervalMillis / 4);
    const dueAt = clock.now() + periodMillis;
    this.#ticker = clock.setTimeout(() => {
      this.#arm();
      clock.catchUp?.();
      if (this.#pauses.defers(clock.now(), dueAt)) return;
      sweep(this.#registry.live.values(), this.#deps);
      this.#registry.expire(clock.now());
      this.#checkEmpty();
      if (this.status === "running") observer.look();
    }, periodMillis);
  }

  #checkEmpty(): void {
    if (this.#registry.seats === 0) { for (const resolve of this.#whenEmpty.splice(0)) resolve(); }
  }

  /** Ids sort in the order of their handshakes. */
  #newId(): string {
    this.#nextId += 1;
    return `${this.#deps.instance}-${this.#nextId.toString(36).padStart(8, "0")}`;
  }
}

function refuse(code: ErrorCode, message: string, retryAfterSeconds: number) {
  return { ok: false, code, message, retryAfterSeconds } as const;
}

function describe(stream: ChannelStream): ChannelStats {
  const { log, latest, recent, readers, published, sent, shed, conflated } = stream;
  return {
    head: log.head,
    epoch: log.epoch,
    subscribers: readers,
    snapshotSize: latest?.size ?? recent?.size ?? log.size,
    ringEvents: log.size,
    ringBytes: log.bytes,
    published,
    sent,
    shed: { ...shed },
    conflated,
  };
}
