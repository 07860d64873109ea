/**
 * A connection: the actor that runs the statechart under the hub, and the effects that it names.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Actor, type AnyActorRef, assertEvent, createActor } from "xstate";
import type { ClientInfo, ConnectionState } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import { type EndingCause, ENDINGS } from "../../protocol/close_codes.ts";
import type { ShedReason } from "../operations.ts";
import type { Socket } from "../ports.ts";
import { HARD_CAP_BYTES, Subscriber, type SubscriberControl } from "../stream/subscriber.ts";
import { TokenBucket } from "../stream/token_bucket.ts";
import { type ConnectionEffects, ConnectionLogic } from "./logic.ts";
import { type Cause, causeOf, type ConnectionEvent, ENDING_EVENTS } from "./machine.ts";
import type { Peer } from "./peer.ts";
import type { Session, SessionHost, SocketQuery } from "./session.ts";
import { createSession, type SessionDeps } from "./sessions.ts";

/** At most one line about throttling per connection in so many ms. */
const THROTTLE_LOG_MILLIS = 60_000;

/** One connection, from its handshake until its socket is gone. */
export class Connection implements SubscriberControl, SessionHost {
  /** What the statechart wants done. */
  static readonly #effects: ConnectionEffects<Connection> = {
    welcome: (connection) => connection.#welcome(),
    openCursors: (connection, event) => {
      assertEvent(event, "SUBSCRIBE");
      const { channels, replay } = event;
      connection.#info("subscribed", { channels, replay });
      event.open();
    },
    closeCursors: (connection, event) => {
      assertEvent(event, ["UNSUBSCRIBE", "UNSUBSCRIBE_LAST"]);
      connection.#info("unsubscribed", { channels: event.channels });
      event.close();
    },
    reportThrottled: (connection, event) => {
      assertEvent(event, "THROTTLED");
      connection.#reportThrottled(event.reason);
    },
    release: (connection, event) => {
      assertEvent(event, ENDING_EVENTS);
      connection.#end(causeOf(event));
    },
  };

  /** Unique per connection; joins its log lines. */
  readonly id: string;
  /** The `clientId` given, or one made up. */
  readonly clientId: string;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** Speaks to the client. */
  readonly session: Session;
  /** The actor that runs the statechart. */
  readonly actor: Actor<ConnectionLogic<Connection>>;
  /** When the handshake began, monotonic ms. */
  readonly startedAt: number;
  /** How long the handshake is held before the upgrade, in ms. */
  holdMillis = 0;
  /** The data-plane half; `undefined` until the socket is open. */
  subscriber: Subscriber | undefined;
  /** Whether the socket is gone for good. */
  socketGone = false;
  /** When the last message came in, monotonic ms. */
  lastInboundAt: number;
  /** When the next heartbeat is due, monotonic ms. */
  nextHeartbeatAt = Infinity;

  readonly #deps: SessionDeps;
  readonly #connectedAt: number;
  #cause: Cause | undefined;
  #throttleLoggedAt = -Infinity;

  /**
   * Makes the actor, which begins in `connecting`.
   *
   * @param parent Hears how the actor ends.
   */
  constructor(deps: SessionDeps, id: string, peer: Peer, parent: AnyActorRef) {
    const { clock } = deps;
    this.#deps = deps;
    this.id = id;
    this.peer = peer;
    this.clientId = peer.clientId ?? crypto.randomUUID();
    this.startedAt = clock.now();
    this.lastInboundAt = this.startedAt;
    this.#connectedAt = clock.epochMillis();
    this.session = createSession(this, deps);
    const logic = new ConnectionLogic<Connection>(this, Connection.#effects);
    this.actor = createActor(logic, { parent, id });
  }

  /** The state of the statechart. */
  get state(): ConnectionState {
    return this.actor.getSnapshot().value;
  }

  /** Why it ended; `undefined` while it lives. */
  get cause(): Cause | undefined {
    return this.#cause;
  }

  /**
   * The socket is open: welcomes the client and subscribes what the address asked for.
   */
  open(socket: Socket, query: SocketQuery): void {
    const { clock, rateLimitPerSecond, heartbeatIntervalMillis } = this.#deps;
    if (this.#cause !== undefined) {
      closeSocket(socket, this.#cause);
      return;
    }
    const now = clock.now();
    this.subscriber = new Subscriber(socket, new TokenBucket(rateLimitPerSecond, now), this, now);
    this.lastInboundAt = now;
    this.nextHeartbeatAt = now + heartbeatIntervalMillis;
    this.#send({ type: "OPENED" });
    this.session.start(query);
  }

  /** A message came in. */
  receive(data: unknown): void {
    if (this.#cause !== undefined) return;
    const { clock, fanout } = this.#deps;
    this.lastInboundAt = clock.now();
    if (this.subscriber !== undefined) fanout.heard(this.subscriber, this.lastInboundAt);
    this.session.receive(data);
  }

  /** The handshake was answered with an error. */
  refuse(code: string): void {
    this.#send({ type: "REFUSED", code });
  }

  /** The peer closed, or its socket broke. */
  socketClosed(code: number): void {
    this.socketGone = true;
    this.#send({ type: "SOCKET_CLOSED", code });
  }

  /** The peer gave no sign of life. */
  timeOut(cause: EndingCause): void {
    this.#send({ type: "TIMED_OUT", cause });
  }

  /**
   * Sends a frame that is not an event; one that does not fit ends the connection. After the end an
   * answer is late, not wrong.
   */
  reply(frame: string): void {
    if (this.#cause !== undefined) return;
    const bytes = Buffer.byteLength(frame);
    if (this.subscriber?.fits(bytes)) this.subscriber.send(frame, bytes);
    else this.end("slowConsumer");
  }

  /** {@inheritDoc SessionHost.subscribe} */
  subscribe(channels: readonly Channel[], open: () => void, replay: boolean): void {
    this.#send({ type: "SUBSCRIBE", channels, replay, open });
  }

  /** {@inheritDoc SessionHost.unsubscribe} */
  unsubscribe(channels: readonly Channel[], close: () => void): void {
    const remain = [...this.subscriber?.cursors.keys() ?? []].some((one) =>
      !channels.includes(one)
    );
    this.#send({ type: remain ? "UNSUBSCRIBE" : "UNSUBSCRIBE_LAST", channels, close });
  }

  /** Ends the connection with the code of a cause. The first cause wins. */
  end(cause: EndingCause, detail?: string): void {
    this.#send(detail === undefined ? { type: "CLOSE", cause } : { type: "CLOSE", cause, detail });
  }

  /** {@inheritDoc SubscriberControl.throttled} */
  throttled(reason: ShedReason): void {
    this.#send({ type: "THROTTLED", reason });
  }

  /** {@inheritDoc SubscriberControl.recovered} */
  recovered(): void {
    this.#send({ type: "RECOVERED" });
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
      isOpen: subscriber !== undefined && this.#cause === undefined,
      state: this.state,
      protocol: peer.protocol,
      principal: peer.principal.name,
      bufferedBytes: Math.min(HARD_CAP_BYTES, subscriber?.socket.bufferedAmount ?? 0),
      lag,
      eventsSent: subscriber?.eventsSent ?? 0,
      eventsSkipped: subscriber?.eventsSkipped ?? 0,
    };
  }

  #welcome(): void {
    const { principal, address, protocol } = this.peer;
    this.#info("connected", { address, protocol });
    this.#info("authenticated", { principal: principal.name });
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

  #end(cause: Cause): void {
    this.release(cause);
    // The route that answers a refused handshake writes it, and limits how many lines there are.
    if (cause.by === "refusal") return;
    const { clock, log } = this.#deps;
    const ending = cause.by === "gateway" ? ENDINGS[cause.cause] : undefined;
    const properties = {
      connectionId: this.id,
      ...cause,
      ...(ending && { code: ending.code }),
      clientId: this.clientId,
      principal: this.peer.principal.name,
      eventsSent: this.subscriber?.eventsSent ?? 0,
      eventsSkipped: this.subscriber?.eventsSkipped ?? 0,
      seconds: Math.round(clock.now() - this.startedAt) / 1_000,
    };
    if (ending === undefined || ending.code < 1_002) log.info("closed", properties);
    else log.warn("closed", properties);
  }

  /**
   * Takes the connection out of the data plane and starts closing its socket. Idempotent, and safe
   * when the actor has failed.
   */
  release(cause: Cause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    if (this.subscriber === undefined) return;
    this.#deps.fanout.remove(this.subscriber);
    closeSocket(this.subscriber.socket, cause);
  }

  /** The first cause wins: what comes after the end is late, not wrong. */
  #send(event: ConnectionEvent): void {
    if (this.#cause === undefined) this.actor.send(event);
  }

  #info(message: string, properties: Readonly<Record<string, unknown>>): void {
    this.#deps.log.info(message, {
      connectionId: this.id,
      clientId: this.clientId,
      ...properties,
    });
  }
}

function closeSocket(socket: Socket, cause: Cause): void {
  if (cause.by !== "gateway") return;
  const { code, reason } = ENDINGS[cause.cause];
  socket.close(code, clipReason(cause.detail ?? reason));
}

/** Most bytes of a reason in a Close frame (RFC 6455 §5.5: 125 less the code). */
const MAX_REASON_BYTES = 123;

function clipReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  const clipped = Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString();
  return clipped.replace(/\uFFFD+$/, ""); // A character cut in half.
}
