/**
 * The v1 dialect, as deployed clients speak it.
 *
 * @module
 */
import { MAX_TOLERATED_LENGTH } from "../../protocol/client_action.ts";
import type { ChannelSet } from "../../protocol/channel_set.ts";
import type { Channel } from "../../protocol/channels.ts";
import { parseClientMessage } from "../../protocol/v1/client_message.ts";
import {
  errorMessage,
  type ErrorReason,
  heartbeat,
  subscriptionAck,
  unsubscribeAck,
  welcome,
} from "../../protocol/v1/server_message.ts";
import { describeForbidden, mayUse } from "../channel_rights.ts";
import type { ChannelStatus } from "../operations.ts";
import { openCursorV1 } from "../stream/cursor_v1.ts";
import { rowFilterOf } from "../stream/row_filter.ts";
import { InboundGuard } from "./inbound_guard.ts";
import { channelsBeyondLimit, describeBeyondLimit } from "./subscription_limits.ts";
import type { Session, SessionHost, SocketQuery } from "./session.ts";
import type { SessionDeps } from "./session_deps.ts";

/** Speaks v1. */
export class SessionV1 implements Session {
  readonly #host: SessionHost;
  readonly #deps: SessionDeps;
  readonly #guard: InboundGuard;

  /** Starts without violations. */
  constructor(host: SessionHost, deps: SessionDeps) {
    this.#host = host;
    this.#deps = deps;
    const { clock, inboundMessagesPerSecond, limitHits } = deps;
    this.#guard = new InboundGuard(
      (cause) => host.end(cause),
      clock,
      inboundMessagesPerSecond,
      MAX_TOLERATED_LENGTH,
      () => limitHits.record("telemetry.inboundMessagesPerSecond"),
    );
  }

  /** {@inheritDoc Session.welcome} */
  welcome(): void {
    const { heartbeatIntervalMillis, rateLimitPerSecond } = this.#deps;
    const meta = {
      clientId: this.#host.clientId,
      heartbeatIntervalSeconds: String(heartbeatIntervalMillis / 1_000),
      rateLimitPerSecond: String(rateLimitPerSecond),
      connectionId: this.#host.id,
    };
    this.#host.reply(welcome(meta, this.#now()));
  }

  /** {@inheritDoc Session.start} */
  start({ channels, replay }: SocketQuery): void {
    if (channels.length > 0) this.#subscribe(channels, replay);
  }

  /** {@inheritDoc Session.receive} */
  receive(data: unknown): void {
    const intake = this.#guard.take(data);
    if (intake.kind === "fault") this.#error(intake.fault.code, intake.fault.message);
    if (intake.kind !== "text") return;
    const parsed = parseClientMessage(intake.text);
    if (!parsed.ok) {
      this.#violation(parsed.fault.reason, parsed.fault.message);
      return;
    }
    const { message } = parsed;
    switch (message.action) {
      case "subscribe":
        this.#subscribe(message.channels, message.replay === true);
        break;
      case "unsubscribe":
        this.#unsubscribe(message.channels);
        break;
      case "heartbeat":
        this.#host.reply(heartbeat("ack", this.#now()));
        break;
    }
  }

  /** Nothing: v1 has no ranges to account for. */
  flushProgress(_heartbeatMillis: number): void {}

  /** Does nothing: v1 has no status message; clients get the warning event. */
  sendStatus(_status: ChannelStatus): void {}

  /** Ends the connection: deployed clients know no way in which a subscription alone ends. */
  loseChannels(_channels: readonly Channel[]): void {
    this.#host.end("scopeChanged");
  }

  /** Does nothing: v1 has no reconnect hint; deployed clients reconnect at once. */
  sendGoingAway(_reconnectAfterMillis: number): void {}

  /** Subscribes to the known channels among the names and answers with the others. */
  #subscribe(names: readonly string[], replay: boolean): void {
    const { known, unknown } = this.#deps.channels.select(names);
    if (known.length === 0) {
      this.#violation("invalid_channels", unknownChannels(unknown, this.#deps.channels));
      return;
    }
    const { principal } = this.#host.peer;
    const allowed = known.filter((channel) => mayUse(principal, channel));
    const beyond = channelsBeyondLimit(this.#host.subscriber!, allowed, this.#deps);
    const opened = allowed.filter((channel) => !beyond.includes(channel));
    if (opened.length > 0) this.#open(opened, replay);
    if (beyond.length > 0) this.#error("too_large", describeBeyondLimit(beyond, this.#deps));
    if (allowed.length < known.length) {
      const foreign = known.filter((channel) => !mayUse(principal, channel));
      this.#error("forbidden", describeForbidden(foreign));
    }
    if (unknown.length > 0) {
      this.#error("invalid_channels", unknownChannels(unknown, this.#deps.channels));
    }
  }

  /** The acknowledgement comes before the first event. */
  #open(channels: readonly Channel[], replay: boolean): void {
    const { fanout, replayLimit } = this.#deps;
    const subscriber = this.#host.subscriber!;
    const request = {
      limit: rowFilterOf(this.#host.peer.principal),
      snapshot: replay,
      snapshotLimit: replayLimit,
      intervalMs: 0,
      conflate: false,
    };
    for (const channel of channels) fanout.open(subscriber, openCursorV1, { channel, ...request });
    this.#host.subscribed(channels, replay);
    this.#host.reply(subscriptionAck(channels, replay, this.#now()));
    for (const channel of channels) fanout.start(subscriber, channel);
  }

  /** An empty list unsubscribes nothing, and is acknowledged as the replaced service did. */
  #unsubscribe(names: readonly string[]): void {
    if (names.length === 0) {
      this.#host.reply(unsubscribeAck([], this.#now()));
      return;
    }
    const { known, unknown } = this.#deps.channels.select(names);
    if (known.length === 0) {
      this.#violation("invalid_channels", unknownChannels(unknown, this.#deps.channels));
      return;
    }
    this.#close(known);
    if (unknown.length > 0) {
      this.#error("invalid_channels", unknownChannels(unknown, this.#deps.channels));
    }
  }

  #close(channels: readonly Channel[]): void {
    for (const channel of channels) {
      this.#deps.fanout.unsubscribe(this.#host.subscriber!, channel);
    }
    this.#host.unsubscribed(channels);
    this.#host.reply(unsubscribeAck(channels, this.#now()));
  }

  #violation(reason: ErrorReason, message: string): void {
    if (this.#guard.countViolation()) this.#error(reason, message);
  }

  #error(reason: ErrorReason, message: string): void {
    this.#host.reply(errorMessage(reason, message, this.#now()));
  }

  #now(): number {
    return this.#deps.clock.epochMillis();
  }
}

/** Longest list of unknown names that is echoed, in characters. */
const MAX_ECHO = 200;

function unknownChannels(names: readonly string[], channels: ChannelSet): string {
  const known = `known are ${channels.list}`;
  if (names.length === 0) return `no channel was named; ${known}`;
  const list = names.join(", ");
  const shown = list.length > MAX_ECHO ? `${list.slice(0, MAX_ECHO)}…` : list;
  return `unknown channels: ${shown}; ${known}`;
}
