/**
 * A connection: an actor that runs the statechart under the hub, and the effects that it names.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Actor, assertEvent, createActor } from "xstate";
import type { ClientDetails, ClientInfo, ConnectionState } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import { type EndingCause, ENDINGS } from "../../protocol/close_codes.ts";
import type { ShedReason } from "../operations.ts";
import type { Principal, Socket } from "../ports.ts";
import { HARD_CAP_BYTES, Subscriber, type SubscriberControl } from "../stream/subscriber.ts";
import { TokenBucket } from "../stream/token_bucket.ts";
import { lostChannels } from "../channel_rights.ts";
import { closeSocket } from "./close_socket.ts";
import type { Dialect } from "./dialect.ts";
import { dialectOf } from "./dialects.ts";
import { type ConnectionHandlers, ConnectionLogic, type Step } from "./logic.ts";
import {
  type Cause,
  causeOf,
  ENDING_EVENTS,
  type LifecycleState,
  type LifecycleTag,
} from "./machine.ts";
import type { Peer } from "./peer.ts";
import type { Session, SessionHost, SocketQuery } from "./session.ts";
import type { ConnectionSupervisor, Handshake } from "./supervisor.ts";
import { type SessionDeps, withRateLimitOf } from "./session_deps.ts";
import {
  describeTransitions,
  recordTransition,
  type TransitionHistory,
} from "./transition_history.ts";

/**
 * Time that a handshake may take beyond its hold, in ms. An upgrade takes a few; the runtime does not
 * report a peer that left during it.
 */
export const HANDSHAKE_MILLIS = 5_000;

/** Shortest time between two log lines about throttling of one connection, in ms. */
const THROTTLE_LOG_MILLIS = 60_000;

/** One connection, from its handshake until its socket is gone. */
export class Connection implements SubscriberControl, SessionHost {
  static readonly #handlers: ConnectionHandlers<Connection> = {
    moved: (connection, step) => connection.#moved(step),
    failed: (connection, error) => connection.fail(error),
    effects: {
      welcome: (connection) => connection.#welcome(),
      rejectSocket: (connection) => closeSocket(connection.subscriber!.socket, connection.#cause!),
      reportSubscribed: (connection, event) => {
        assertEvent(event, "SUBSCRIBED");
        connection.#info("subscribed", { channels: event.channels, replay: event.replay });
      },
      reportUnsubscribed: (connection, event) => {
        assertEvent(event, ["UNSUBSCRIBED", "UNSUBSCRIBED_ALL"]);
        connection.#info("unsubscribed", { channels: event.channels });
      },
      reportThrottled: (connection, event) => {
        assertEvent(event, "THROTTLED");
        connection.#reportThrottled(event.reason);
      },
      release: (connection, event) => {
        assertEvent(event, ENDING_EVENTS);
        connection.#release(causeOf(event));
      },
    },
  };

  /** Unique per connection; joins its log lines. */
  readonly id: string;
  /** The `clientId` given, or one made up. */
  readonly clientId: string;
  /** Who is at the other end; the rights of its principal may change. */
  peer: Peer;
  /** Speaks to the client. */
  readonly session: Session;
  /** The actor that runs the statechart. */
  actor: Actor<ConnectionLogic<Connection>>;
  /** By when the socket must be open, monotonic ms. */
  readonly handshakeDeadline: number;
  /** The data-plane half, from the opening of the socket on. */
  subscriber: Subscriber | undefined;
  /** When the last message came in, monotonic ms. */
  lastInboundAt: number;
  /** When the next heartbeat is due, monotonic ms. */
  nextHeartbeatAt = Infinity;
  /** When it ended, monotonic ms; `Infinity` while it lives. */
  endedAt = Infinity;

  readonly #shared: SessionDeps;
  #deps: SessionDeps;
  readonly #supervisor: ConnectionSupervisor;
  readonly #startedAt: number;
  readonly #connectedAt: number;
  readonly #transitions: TransitionHistory = [];
  #cause: Cause | undefined;
  #throttleLoggedAt = -Infinity;

  /** Makes the actor, which begins in `connecting` once it is started. */
  constructor(deps: SessionDeps, handshake: Handshake, supervisor: ConnectionSupervisor) {
    const { clock } = deps;
    const { id, peer, holdMillis } = handshake;
    this.#shared = deps;
    this.#deps = withRateLimitOf(peer.principal, deps);
    this.#supervisor = supervisor;
    this.id = id;
    this.peer = peer;
    this.clientId = peer.clientId ?? crypto.randomUUID();
    this.#startedAt = clock.now();
    this.handshakeDeadline = this.#startedAt + holdMillis + HANDSHAKE_MILLIS;
    this.lastInboundAt = this.#startedAt;
    this.#connectedAt = clock.epochMillis();
    this.session = this.dialect.session(this, this.#deps);
    this.actor = this.#createActor();
  }

  /** What it speaks. */
  get dialect(): Dialect {
    return dialectOf(this.peer.protocol);
  }

  /** The state of the statechart. */
  get state(): LifecycleState {
    return this.actor.getSnapshot().value;
  }

  /** Whether the state has a tag. An actor that XState gave up has no state, and no tag. */
  is(tag: LifecycleTag): boolean {
    const { status, tags } = this.actor.getSnapshot();
    return status === "active" && tags.has(tag);
  }

  /** Why it ended, for reports; whether it ended is answered by the state. */
  get cause(): Cause | undefined {
    return this.#cause;
  }

  /** The socket is open: welcomes the client and subscribes what the address asks for. */
  open(socket: Socket, query: SocketQuery): void {
    this.#take(socket);
    this.nextHeartbeatAt = this.lastInboundAt + this.#deps.heartbeatIntervalMillis;
    this.actor.send({ type: "OPENED" });
    this.#serve(() => this.session.start(query));
  }

  /**
   * The socket is open although the handshake had ended: closes it. The actor of the handshake is
   * gone, as the runtime does not report sockets that never open; another one follows the socket.
   */
  openLate(socket: Socket): void {
    this.#take(socket);
    this.endedAt = this.lastInboundAt;
    this.actor = this.#createActor();
    this.actor.start();
    this.actor.send({ type: "OPENED_LATE" });
  }

  /** A message came in. */
  receive(data: unknown): void {
    this.#serve((subscriber) => {
      const { clock, fanout } = this.#deps;
      this.lastInboundAt = clock.now();
      fanout.heard(subscriber, this.lastInboundAt);
      this.session.receive(data);
    });
  }

  /** The handshake was answered with an error. */
  refuse(code: string): void {
    this.actor.send({ type: "REFUSED", code });
  }

  /** The peer closed, or its socket broke. */
  socketClosed(code: number): void {
    this.actor.send({ type: "SOCKET_CLOSED", code });
  }

  /** The peer was silent for too long. */
  timeOut(cause: EndingCause): void {
    this.actor.send({ type: "TIMED_OUT", cause });
  }

  /** The peer has held the socket for too long after the end. */
  abandon(): void {
    this.actor.send({ type: "ABANDONED" });
  }

  /** An effect or the session threw: ends the connection with 1011. */
  fail(error: unknown): void {
    const { id: connectionId } = this;
    if (this.is("live")) this.#supervisor.failed(this, error);
    else this.#deps.log.error("socket not closed", { connectionId, error });
    this.actor.send({ type: "FAILED" });
  }

  /** The actor was given up by XState: leaves the data plane and closes the socket. Never throws. */
  discard(): void {
    if (this.subscriber === undefined) return;
    this.#deps.fanout.remove(this.subscriber);
    try {
      closeSocket(this.subscriber.socket, { by: "gateway", cause: "internalError" });
    } catch (error) {
      this.#deps.log.error("socket not closed", { connectionId: this.id, error });
    }
  }

  /**
   * Sends a frame that is not an event; one that does not fit ends the connection. Dropped when the
   * connection has ended.
   */
  reply(frame: string): void {
    if (!this.is("open")) return;
    const bytes = Buffer.byteLength(frame);
    if (this.subscriber!.fits(bytes)) this.subscriber!.send(frame, bytes);
    else this.end("slowConsumer");
  }

  /**
   * The rights of the principal are others from now on. What it may not have any more ends; what it
   * may have besides, it gets with its next request.
   */
  changeRights(principal: Principal): void {
    const { principal: before } = this.peer;
    this.peer = { ...this.peer, principal };
    this.#deps = withRateLimitOf(principal, this.#shared);
    const { clock, rateLimitPerSecond } = this.#deps;
    this.subscriber?.limitRate(rateLimitPerSecond, clock.now());
    const isAllowed = principal.scopes.has(this.dialect.scope);
    this.#serve(({ cursors }) => {
      const channels = [...cursors.keys()];
      const lost = isAllowed
        ? lostChannels(before, principal, channels, this.#deps.channels)
        : channels;
      if (lost.length > 0) this.session.loseChannels(lost);
    });
    if (!isAllowed && this.is("live")) this.end("forbidden");
  }

  /** {@inheritDoc SessionHost.subscribed} */
  subscribed(channels: readonly Channel[], replay: boolean): void {
    this.actor.send({ type: "SUBSCRIBED", channels, replay });
  }

  /** {@inheritDoc SessionHost.unsubscribed} */
  unsubscribed(channels: readonly Channel[]): void {
    const type = this.subscriber!.cursors.size > 0 ? "UNSUBSCRIBED" : "UNSUBSCRIBED_ALL";
    this.actor.send({ type, channels });
  }

  /** Ends the connection with the code of a cause. The first cause wins. */
  end(cause: EndingCause, detail?: string): void {
    this.actor.send(
      detail === undefined ? { type: "CLOSE", cause } : { type: "CLOSE", cause, detail },
    );
  }

  /** {@inheritDoc SubscriberControl.throttled} */
  throttled(reason: ShedReason): void {
    this.actor.send({ type: "THROTTLED", reason });
  }

  /** {@inheritDoc SubscriberControl.recovered} */
  recovered(): void {
    this.actor.send({ type: "RECOVERED" });
  }

  /** {@inheritDoc SubscriberControl.tooSlow} */
  tooSlow(): void {
    this.end("slowConsumer");
  }

  /** The connection as administrators see it. */
  describe(): ClientInfo {
    const { peer, subscriber } = this;
    const lag: Partial<Record<Channel, number>> = {};
    for (const [channel, cursor] of subscriber?.cursors ?? []) lag[channel] = cursor.lag;
    const { clock } = this.#deps;
    return {
      id: this.clientId,
      connectionId: this.id,
      remoteAddress: peer.address,
      subscribedChannels: [...subscriber?.cursors.keys() ?? []],
      connectedAtEpochMillis: this.#connectedAt,
      lastHeartbeatEpochMillis: Math.round(
        clock.epochMillis() - (clock.now() - this.lastInboundAt),
      ),
      rateLimitPerSecond: this.#deps.rateLimitPerSecond,
      authenticated: peer.principal.authenticated,
      isOpen: this.is("open"),
      state: this.state as ConnectionState,
      protocol: peer.protocol,
      principal: peer.principal.name,
      bufferedBytes: Math.min(HARD_CAP_BYTES, subscriber?.socket.bufferedAmount ?? 0),
      lag,
      eventsSent: subscriber?.eventsSent ?? 0,
      eventsSkipped: subscriber?.eventsSkipped ?? 0,
    };
  }

  /** The connection as administrators see it alone, with its last transitions. */
  describeFully(): ClientDetails {
    return { ...this.describe(), transitions: describeTransitions(this.#transitions) };
  }

  #createActor(): Actor<ConnectionLogic<Connection>> {
    const logic = new ConnectionLogic<Connection>(this, Connection.#handlers);
    return createActor(logic, { parent: this.#supervisor.parent, id: this.id });
  }

  #take(socket: Socket): void {
    const { clock, rateLimitPerSecond } = this.#deps;
    const now = clock.now();
    this.subscriber = new Subscriber(socket, new TokenBucket(rateLimitPerSecond, now), this, now);
    this.lastInboundAt = now;
  }

  /** Lets the session work while the socket is open; what it throws ends the connection. */
  #serve(work: (subscriber: Subscriber) => void): void {
    if (!this.is("open")) return;
    try {
      work(this.subscriber!);
    } catch (error) {
      this.fail(error);
    }
  }

  #moved(step: Step): void {
    recordTransition(this.#transitions, step, this.#deps.clock.epochMillis());
    this.#supervisor.moved(this, step);
  }

  #welcome(): void {
    const { principal, address, protocol } = this.peer;
    this.#info("connected", { address, protocol });
    const { name, secretId } = principal;
    this.#info("authenticated", { principal: name, ...(secretId !== undefined && { secretId }) });
    this.session.welcome();
  }

  #reportThrottled(reason: ShedReason): void {
    if (reason === "slow_consumer") {
      this.#deps.observer.slowConsumer(this.peer, this.id, "throttled");
    }
    const now = this.#deps.clock.now();
    if (now - this.#throttleLoggedAt < THROTTLE_LOG_MILLIS) return;
    this.#throttleLoggedAt = now;
    const { id: connectionId, clientId } = this;
    this.#deps.log.warn("throttled", { connectionId, clientId, reason });
  }

  /** The socket goes last: the connection is out of everything else when closing it fails. */
  #release(cause: Cause): void {
    this.#cause = cause;
    this.endedAt = this.#deps.clock.now();
    if (this.subscriber !== undefined) this.#deps.fanout.remove(this.subscriber);
    this.#supervisor.ended(this, cause);
    // The route that answers a refused handshake logs it, and limits how many lines there are.
    if (cause.by !== "refusal") this.#logEnding(cause);
    if (this.subscriber !== undefined) closeSocket(this.subscriber.socket, cause);
  }

  #logEnding(cause: Cause): void {
    const { log } = this.#deps;
    const ending = cause.by === "gateway" ? ENDINGS[cause.cause] : undefined;
    const properties = {
      connectionId: this.id,
      ...cause,
      ...(ending && { code: ending.code }),
      clientId: this.clientId,
      principal: this.peer.principal.name,
      eventsSent: this.subscriber?.eventsSent ?? 0,
      eventsSkipped: this.subscriber?.eventsSkipped ?? 0,
      seconds: Math.round(this.endedAt - this.#startedAt) / 1_000,
    };
    if (ending === undefined || ending.code < 1_002) log.info("closed", properties);
    else log.warn("closed", properties);
  }

  #info(message: string, properties: Readonly<Record<string, unknown>>): void {
    this.#deps.log.info(message, {
      connectionId: this.id,
      clientId: this.clientId,
      ...properties,
    });
  }
}
