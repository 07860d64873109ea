/**
 * The v2 dialect: requests are correlated, delivery is batched, loss is accounted for.
 *
 * @module
 */
import { MAX_TOLERATED_LENGTH } from "../../protocol/client_action.ts";
import { RETRY_AFTER_MILLIS, SOCKET_ERRORS, socketCodeOf } from "../../protocol/errors.ts";
import type { Channel } from "../../protocol/channels.ts";
import {
  type ChannelSubscription,
  type ClientMessageV2,
  parseClientMessageV2,
} from "../../protocol/v2/client_message.ts";
import {
  type AckedChannel,
  encodeV2,
  type ErrorCodeV2,
  FEATURES_V2,
  PROTOCOL_V2,
} from "../../protocol/v2/server_message.ts";
import { VERSION } from "../../protocol/version.ts";
import { actor, recordAcknowledged } from "../audit/audit_log.ts";
import { acknowledgeAs, describeForbidden, mayUse } from "../channel_rights.ts";
import { type ChannelStatus, PublishError } from "../operations.ts";
import { openCursorV2 } from "../stream/cursor_v2.ts";
import { rowFilterOf } from "../stream/row_filter.ts";
import { InboundGuard } from "./inbound_guard.ts";
import { channelsBeyondLimit, describeBeyondLimit, filterFault } from "./subscription_limits.ts";
import type { Session, SessionHost, SocketQuery } from "./session.ts";
import type { SessionDeps } from "./session_deps.ts";

type Acknowledge = Extract<ClientMessageV2, { action: "acknowledge" }>;

/** Speaks v2. */
export class SessionV2 implements Session {
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
    const { clock, heartbeatIntervalMillis, rateLimitPerSecond, flushIntervalMillis } = this.#deps;
    this.#send({
      type: "welcome",
      protocol: PROTOCOL_V2,
      version: VERSION,
      features: [...FEATURES_V2],
      clientId: this.#host.clientId,
      connectionId: this.#host.id,
      heartbeatIntervalSeconds: heartbeatIntervalMillis / 1_000,
      rateLimitPerSecond,
      flushIntervalMs: flushIntervalMillis,
      timestamp: clock.epochMillis(),
    });
  }

  /** Subscribes the known channels of the address; unknown ones are answered with an error. */
  start({ channels: names, replay }: SocketQuery): void {
    const { known, unknown } = this.#deps.channels.select(names);
    if (known.length > 0) {
      this.#subscribe(
        known.map((channel) => ({ channel, snapshot: replay, intervalMs: 0, conflate: false })),
        undefined,
      );
    }
    if (unknown.length > 0) {
      const message = `channels: ${unknown.length} of the names in the address are not known`;
      this.#error("invalid_channels", message, undefined);
    }
  }

  /** {@inheritDoc Session.receive} */
  receive(data: unknown): void {
    const intake = this.#guard.take(data);
    if (intake.kind === "fault") {
      const { code, message } = intake.fault;
      this.#error(code, message, undefined);
    }
    if (intake.kind !== "text") return;
    const parsed = parseClientMessageV2(intake.text, this.#deps.channels);
    if (!parsed.ok) {
      const { code, message, id } = parsed.fault;
      if (this.#guard.countViolation()) this.#error(code, message, id);
      return;
    }
    this.#perform(parsed.message);
  }

  /** {@inheritDoc Session.flushProgress} */
  flushProgress(heartbeatMillis: number): void {
    this.#deps.fanout.flushProgress(this.#host.subscriber!, heartbeatMillis);
  }

  /** {@inheritDoc Session.sendStatus} */
  sendStatus({ channel, state, lastEventAt }: ChannelStatus): void {
    if (!this.#host.subscriber?.cursors.has(channel)) return;
    const time = lastEventAt === undefined ? null : new Date(lastEventAt).toISOString();
    this.#send({ type: "status", channel, state, lastEventAt: time });
  }

  /** Ends their subscriptions; what the client may have still, it subscribes to again. */
  loseChannels(channels: readonly Channel[]): void {
    const { fanout } = this.#deps;
    const { principal } = this.#host.peer;
    for (const channel of channels) fanout.unsubscribe(this.#host.subscriber!, channel);
    this.#host.unsubscribed(channels);
    for (const channel of channels) {
      const message = mayUse(principal, channel) && principal.scopes.has("subscribe")
        ? `the rights of this key to ${channel} changed; subscribe again`
        : `${describeForbidden([channel])} any more`;
      this.#send({ type: "error", code: "scope_changed", channel, message });
    }
  }

  /** {@inheritDoc Session.sendGoingAway} */
  sendGoingAway(reconnectAfterMillis: number): void {
    this.#send({ type: "going_away", reconnectAfterMs: reconnectAfterMillis });
  }

  #perform(message: ClientMessageV2): void {
    switch (message.action) {
      case "subscribe":
        this.#subscribe(message.subscriptions, message.id);
        break;
      case "unsubscribe":
        this.#unsubscribe(message.channels, message.id);
        break;
      case "heartbeat":
        this.#send({
          type: "heartbeat",
          id: message.id,
          direction: "ack",
          timestamp: this.#deps.clock.epochMillis(),
        });
        break;
      case "acknowledge":
        void this.#acknowledge(message);
        break;
    }
  }

  /** The acknowledgement comes before the first frame of any of its channels. */
  #subscribe(subscriptions: readonly ChannelSubscription[], id: string | undefined): void {
    const { fanout, observer, statusOf, replayLimit: snapshotLimit } = this.#deps;
    const subscriber = this.#host.subscriber!;
    const { principal } = this.#host.peer;
    const foreign = subscriptions.filter(({ channel }) => !mayUse(principal, channel));
    if (foreign.length > 0) {
      this.#error("forbidden", describeForbidden(foreign.map(({ channel }) => channel)), id);
      return;
    }
    const tooMuch = this.#findTooMuch(subscriptions);
    if (tooMuch !== undefined) {
      this.#error("too_large", tooMuch, id);
      return;
    }
    const acked: Partial<Record<Channel, AckedChannel>> = {};
    const limit = rowFilterOf(principal);
    for (const subscription of subscriptions) {
      const start = fanout.open(subscriber, openCursorV2, {
        ...subscription,
        snapshotLimit,
        limit,
      });
      const { epoch, seq, recovered, lost } = start;
      acked[subscription.channel] = { epoch, seq, recovered, lost };
      if (start.rolledBack === true) {
        observer.rolledBack(subscription.channel, subscription.since!.seq, seq);
      }
    }
    const replay = subscriptions.some(({ snapshot, since }) => snapshot || since !== undefined);
    this.#host.subscribed(subscriptions.map(({ channel }) => channel), replay);
    this.#send({ type: "ack", id, ok: true, channels: acked });
    for (const { channel } of subscriptions) {
      const status = statusOf(channel);
      // Clients assume `fresh`.
      if (status.state !== "fresh") this.sendStatus(status);
      fanout.start(subscriber, channel);
    }
  }

  /** What is beyond a limit; nothing of the message is done then. */
  #findTooMuch(subscriptions: readonly ChannelSubscription[]): string | undefined {
    const channels = subscriptions.map(({ channel }) => channel);
    const beyond = channelsBeyondLimit(this.#host.subscriber!, channels, this.#deps);
    if (beyond.length > 0) return describeBeyondLimit(beyond, this.#deps);
    for (const { filter } of subscriptions) {
      const fault = filter && filterFault(filter, this.#deps);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #unsubscribe(channels: readonly Channel[], id: string | undefined): void {
    const acked: Partial<Record<Channel, AckedChannel>> = {};
    for (const channel of channels) {
      acked[channel] = this.#deps.fanout.unsubscribe(this.#host.subscriber!, channel);
    }
    this.#host.unsubscribed(channels);
    this.#send({ type: "ack", id, ok: true, channels: acked });
  }

  /** Never rejects. */
  async #acknowledge({ id, alerts }: Acknowledge): Promise<void> {
    const { principal, address } = this.#host.peer;
    if (!principal.scopes.has("acknowledge")) {
      this.#error("forbidden", 'this needs the scope "acknowledge"', id);
      return;
    }
    const { alerts: channel } = this.#deps.channels;
    if (!mayUse(principal, channel)) {
      this.#error("forbidden", describeForbidden([channel]), id);
      return;
    }
    try {
      const receipt = await acknowledgeAs(this.#deps.eventLog, principal, alerts);
      recordAcknowledged(this.#deps.audit, actor(principal, address), receipt);
      this.#send({ type: "ack", id, ok: true, alerts: [...receipt.alerts] });
    } catch (error) {
      this.#refuse(error, id);
    }
  }

  #refuse(error: unknown, id: string | undefined): void {
    if (!(error instanceof PublishError)) {
      this.#deps.log.error("acknowledging failed", { connectionId: this.#host.id, error });
      this.#host.end("internalError");
      return;
    }
    const { code, message } = error;
    this.#error(socketCodeOf(code, "v2") ?? "unavailable", message, id);
  }

  #error(code: ErrorCodeV2, message: string, id: string | undefined): void {
    const retryAfterMs = SOCKET_ERRORS[code].retryable ? RETRY_AFTER_MILLIS : undefined;
    this.#send({ type: "error", id, code, message, retryAfterMs });
  }

  #send(message: Parameters<typeof encodeV2>[0]): void {
    this.#host.reply(encodeV2(message));
  }
}
