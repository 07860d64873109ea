/**
 * The hub: admits connections, supervises their actors, keeps time for them, and ends them.
 *
 * @module
 */
import { type Actor, createActor } from "xstate";
import type { ClientDetails, ClientInfo, ConnectionState } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Ban, BanSubject } from "../../protocol/rest/bans.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import { Connection } from "../connection/actor.ts";
import type { Cause, LifecycleState } from "../connection/machine.ts";
import type { Peer } from "../connection/peer.ts";
import type { ConnectionSupervisor } from "../connection/supervisor.ts";
import type { SocketQuery } from "../connection/session.ts";
import type { ConnectionObserver, SessionDeps } from "../connection/session_deps.ts";
import type {
  ChannelStats,
  ChannelStatus,
  GatewayStats,
  HubStatus,
  Operations,
} from "../operations.ts";
import type { Socket } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { Admission, type AdmissionLimits, type AdmissionRefusal } from "./admission.ts";
import { announceStatus, announceWarning } from "./announcement.ts";
import { drainInWaves } from "./drain.ts";
import { hubLogic } from "./lifecycle.ts";
import { PauseGuard } from "./pause_guard.ts";
import { Registry } from "./registry.ts";
import { type CurrentRights, reviewRights } from "./rights_review.ts";
import { sweep, type SweeperDeps } from "./sweeper.ts";

/** Longest time between two sweeps, in ms. */
export const SWEEP_MILLIS = 250;

/** Receives what the gateway reports about itself. */
export interface HubObserver extends ConnectionObserver {
  /** Clients are served; called a few times a second. */
  poll(): void;
  /** Every connection is about to be closed. */
  shuttingDown(): void;
}

/** What the hub works with. */
export interface HubDeps extends SessionDeps, SweeperDeps, AdmissionLimits {
  /** Hears of time, slow clients and the shutdown. */
  readonly observer: HubObserver;
  /** The channels, for their numbers. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** Identifies this process in connection ids. */
  readonly instance: string;
}

/** The answer to a handshake. */
export type Admittance =
  | {
    readonly ok: true;
    readonly connection: Connection;
    /** How long to wait before the upgrade, in ms. */
    readonly holdMillis: number;
  }
  | { readonly ok: false } & AdmissionRefusal;

/** The supervisor of all connections. */
export class Hub implements Operations {
  readonly #deps: HubDeps;
  readonly #lifecycle: Actor<ReturnType<typeof hubLogic>>;
  readonly #registry = new Registry();
  readonly #admission: Admission;
  readonly #supervisor: ConnectionSupervisor;
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
    this.#admission = new Admission(deps.clock, deps);
    this.#lifecycle = createActor(hubLogic((id, error) => this.#discard(id, error)), {
      clock: deps.clock,
    });
    this.#supervisor = {
      parent: this.#lifecycle,
      moved: (connection, step) => {
        this.#registry.follow(connection, step);
        this.#checkEmpty();
      },
      ended: (connection, cause) => this.#ended(connection, cause),
      failed: ({ id }, error) => this.#countFailure(id, error),
    };
    this.#lifecycle.subscribe({ error: (error) => deps.log.error("hub failed", { error }) });
    this.#lifecycle.start();
    this.#arm();
  }

  /** Running, draining or stopped. */
  get status(): HubStatus {
    return this.#lifecycle.getSnapshot().context;
  }

  /** Decides on a handshake of a known peer and, when it is admitted, starts its actor. */
  admit(peer: Peer): Admittance {
    const refusal = this.#admission.check(peer, this.status, this.#registry);
    if (refusal !== undefined) {
      this.#countEnding("refused");
      return { ok: false, ...refusal };
    }
    const holdMillis = this.#admission.holdFor(peer);
    const handshake = { id: this.#newId(), peer, holdMillis };
    const connection = new Connection(this.#deps, handshake, this.#supervisor);
    this.#registry.add(connection);
    connection.actor.start();
    return { ok: true, connection, holdMillis };
  }

  /** The socket of an admitted connection is open. A connection of the same identity gives way. */
  open(connection: Connection, socket: Socket, query: SocketQuery): void {
    if (!connection.is("live")) {
      this.#registry.add(connection);
      connection.openLate(socket);
      return;
    }
    this.#accepted += 1;
    const previous = this.#registry.claim(connection);
    if (previous !== undefined) {
      const { id: connectionId, clientId } = previous;
      this.#deps.log.info("replaced", { connectionId, clientId, by: connection.id });
      previous.end("replaced");
    }
    connection.open(socket, query);
  }

  /** The socket of a connection is gone, for whatever reason. Idempotent. */
  closed(connection: Connection, code: number): void {
    connection.socketClosed(code);
  }

  /** Live connections of a principal. */
  connectionsOf(principal: string): readonly Connection[] {
    return this.#registry.ofPrincipal(principal);
  }

  /** The ids of the sessions that live connections were made from. */
  sessionsInUse(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { peer: { principal: { sessionId } } } of this.#registry.having("live")) {
      if (sessionId !== undefined) ids.add(sessionId);
    }
    return ids;
  }

  /** Live connections of a principal that were made from a session. */
  connectionsOfSession(principal: string, sessionId: string): readonly Connection[] {
    return this.connectionsOf(principal).filter(({ peer }) =>
      peer.principal.sessionId === sessionId
    );
  }

  /**
   * Applies the rights of keys as they are now: connections whose secret is not valid any more end
   * with 4401, those whose key was narrowed lose what they may not have.
   */
  reviewRights(current: CurrentRights): void {
    reviewRights([...this.#registry.having("live")], current, this.#deps.clock);
  }

  /** Tells every client that is subscribed to system-warnings of one that has no number. */
  announceWarning(warning: SystemWarning): void {
    const { clock, streams } = this.#deps;
    const { epoch } = streams.get("system-warnings")!.log;
    announceWarning(this.#registry.having("open"), warning, epoch, clock.epochMillis());
  }

  /** Tells every client that is subscribed to a channel of its state. */
  announceStatus(status: ChannelStatus): void {
    announceStatus(this.#registry.having("open"), status);
  }

  /** {@inheritDoc Operations.clients} */
  *clients(after = "", state?: ConnectionState): Generator<ClientInfo> {
    const tag = state === "closed" || state === "timed-out" ? "lingering" : "live";
    // Ids are given in order, so the registry is ordered by them.
    for (const connection of this.#registry.having(tag)) {
      if (connection.id <= after) continue;
      if (state === undefined || connection.state === state) yield connection.describe();
    }
  }

  /** {@inheritDoc Operations.clientsById} */
  clientsById(id: string): readonly ClientDetails[] {
    const exact = this.#registry.get(id);
    const found = exact?.is("seated") ? [exact] : this.#findLive(id);
    return found.map((connection) => connection.describeFully());
  }

  /** {@inheritDoc Operations.disconnect} */
  disconnect(
    id: string,
    reason: string,
    banSeconds: number,
    principal: string,
    by: BanSubject = "peer",
  ): number {
    let found = this.#findLive(id);
    if (banSeconds > 0) {
      const { bans } = this.#admission;
      const request = { by, seconds: banSeconds, setBy: principal, reason };
      for (const { peer } of found) bans.set(peer, request);
      // A ban ends all that it covers: others of the same client, key or address as well.
      if (found.length > 0 && by !== "peer") {
        found = [...this.#registry.having("live")].filter(({ peer }) => bans.find(peer));
      }
    }
    for (const connection of found) {
      const { id: connectionId, clientId } = connection;
      const details = { connectionId, clientId, principal, reason, banSeconds };
      this.#deps.log.warn("forced disconnect", details);
      connection.end("disconnected", reason);
    }
    return found.length;
  }

  /** {@inheritDoc Operations.bans} */
  bans(): readonly Ban[] {
    return this.#admission.bans.list();
  }

  /** {@inheritDoc Operations.liftBan} */
  liftBan(id: string): Ban | undefined {
    return this.#admission.bans.lift(id);
  }

  /** {@inheritDoc Operations.stats} */
  stats(): GatewayStats {
    const { clock, fanout, streams } = this.#deps;
    const states = this.#registry.countStates();
    const count = (...names: readonly LifecycleState[]) =>
      names.reduce((sum, name) => sum + (states.get(name) ?? 0), 0);
    const channels = [...streams].map(([channel, stream]) => {
      return [channel, describe(stream, fanout.readersOf(channel).count)];
    });
    return {
      status: this.status,
      uptimeMillis: clock.now() - this.#startedAt,
      activeConnections: count("authenticated", "subscribed", "throttled"),
      connecting: count("connecting"),
      lingering: count("closed", "timed-out", "abandoned"),
      throttled: count("throttled"),
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
    drainInWaves([...this.#registry.having("live")], this.#deps.clock, deadlineMillis / 2);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty.push(resolve);
    const timer = this.#deps.clock.setTimeout(resolve, deadlineMillis);
    this.#checkEmpty();
    await promise;
    this.#deps.clock.clearTimeout(timer);
    return this.#registry.size;
  }

  /** Stops the ticker and the hub's actor. */
  stop(): void {
    this.#lifecycle.send({ type: "STOP" });
    this.#lifecycle.stop();
    this.#deps.clock.clearTimeout(this.#ticker);
  }

  #ended(connection: Connection, cause: Cause): void {
    const label = cause.by === "gateway" ? cause.cause : cause.by === "peer" ? "peer" : "refused";
    this.#countEnding(label);
    if (cause.by === "gateway") this.#admission.recordClosing(connection.peer);
    if (label === "slowConsumer") {
      this.#deps.observer.slowConsumer(connection.peer, connection.id, "closed");
    }
  }

  #countEnding(label: EndingCause | "peer" | "refused"): void {
    this.#endings[label] = (this.#endings[label] ?? 0) + 1;
  }

  #countFailure(connectionId: string, error: unknown): void {
    this.#failures += 1;
    this.#deps.log.error("connection failed", { connectionId, error });
  }

  /** XState gave an actor up, which no event of ours causes: its connection is removed. */
  #discard(id: string, error: unknown): void {
    const connection = this.#registry.get(id);
    if (connection === undefined) return;
    this.#countFailure(id, error);
    this.#registry.discard(connection);
    connection.discard();
    this.#checkEmpty();
  }

  #findLive(id: string): readonly Connection[] {
    const exact = this.#registry.get(id);
    if (exact !== undefined) return exact.is("live") ? [exact] : [];
    return [...this.#registry.having("live")].filter(({ clientId }) => clientId === id);
  }

  #arm(): void {
    const { clock, observer, heartbeatIntervalMillis } = this.#deps;
    const periodMillis = Math.min(SWEEP_MILLIS, heartbeatIntervalMillis / 4);
    const dueAt = clock.now() + periodMillis;
    this.#ticker = clock.setTimeout(() => {
      this.#arm();
      clock.catchUp?.();
      if (this.#pauses.defers(clock.now(), dueAt)) return;
      sweep(this.#registry.all, this.#deps);
      if (this.status === "running") observer.poll();
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

function describe(stream: ChannelStream, subscribers: number): ChannelStats {
  const { log, latest, recent, published, sent, shed, conflated } = stream;
  return {
    head: log.head,
    epoch: log.epoch,
    subscribers,
    snapshotSize: latest?.size ?? recent?.size ?? log.size,
    ringEvents: log.size,
    ringBytes: log.bytes,
    published,
    sent,
    shed: { ...shed },
    conflated,
  };
}
