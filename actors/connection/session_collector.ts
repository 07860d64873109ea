/**
 * The dialect of publishers: batches in, an ack for each after its commit.
 *
 * @module
 */
import { RETRY_AFTER_MILLIS, SOCKET_ERRORS } from "../../protocol/errors.ts";
import { MAX_TOLERATED_LENGTH } from "../../protocol/client_action.ts";
import {
  COLLECTOR_PROTOCOL,
  collectorErrorCode,
  type CollectorMessage,
  type CollectorServerMessage,
  encodeCollector,
  parseCollectorMessage,
} from "../../protocol/collector/message.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Elements } from "../../protocol/json_scan.ts";
import { type BatchRefusal, describeFaults, reportedFaults } from "../../protocol/publish_batch.ts";
import { VERSION } from "../../protocol/version.ts";
import { describeForbidden, mayUse, publishAs } from "../channel_rights.ts";
import { type ChannelStatus, PublishError } from "../operations.ts";
import { InboundGuard } from "./inbound_guard.ts";
import type { Session, SessionHost, SocketQuery } from "./session.ts";
import type { SessionDeps } from "./session_deps.ts";

/** Most publications of a connection that may wait for their commit. */
export const MAX_PENDING_PUBLISHES = 64;

/** When a publisher with too many pending publications should send the next, in ms. */
export const PENDING_RETRY_MILLIS = 100;

type Publication = Extract<CollectorMessage, { action: "publish" }>;

type CollectorErrorMessage = Extract<CollectorServerMessage, { type: "error" }>;

/** Speaks with a publisher. */
export class SessionCollector implements Session {
  readonly #host: SessionHost;
  readonly #deps: SessionDeps;
  readonly #guard: InboundGuard;
  #pending = 0;
  #pendingCharacters = 0;

  /** Starts without violations. */
  constructor(host: SessionHost, deps: SessionDeps) {
    this.#host = host;
    this.#deps = deps;
    const { clock, inboundMessagesPerSecond, limitHits, publishing } = deps;
    const tolerated = Math.max(MAX_TOLERATED_LENGTH, 2 * publishing.maxMessageBytes);
    this.#guard = new InboundGuard(
      (cause) => host.end(cause),
      clock,
      inboundMessagesPerSecond,
      tolerated,
      () => limitHits.record("telemetry.inboundMessagesPerSecond"),
    );
  }

  /** {@inheritDoc Session.welcome} */
  welcome(): void {
    const { heartbeatIntervalMillis, publishing } = this.#deps;
    this.#send({
      type: "welcome",
      protocol: COLLECTOR_PROTOCOL,
      version: VERSION,
      clientId: this.#host.clientId,
      connectionId: this.#host.id,
      heartbeatIntervalSeconds: heartbeatIntervalMillis / 1_000,
      maxBatchEvents: publishing.intake.maxBatchEvents,
      maxMessageBytes: publishing.maxMessageBytes,
      maxPendingPublishes: MAX_PENDING_PUBLISHES,
      timestamp: this.#now(),
    });
  }

  /** Nothing: a publisher subscribes to nothing. */
  start(_query: SocketQuery): void {}

  /**
   * {@inheritDoc Session.receive}
   *
   * Publications are not metered as messages: a stream may have hundreds a second, and what bounds
   * them is how many may wait. A flood of anything else is ended as on every connection.
   */
  receive(data: unknown): void {
    const intake = this.#guard.inspect(data);
    if (intake.kind === "fault") this.#error(intake.fault);
    if (intake.kind !== "text") return;
    const { channels, publishing: { maxMessageBytes, intake: { maxBatchEvents } } } = this.#deps;
    const parsed = parseCollectorMessage(intake.text, maxMessageBytes, maxBatchEvents, channels);
    if (!parsed.ok) {
      if (this.#guard.countViolation()) this.#error(parsed.fault);
      return;
    }
    const { message } = parsed;
    if (message.action === "publish") this.#publish(message, intake.text.length);
    else this.#heartbeat(message);
  }

  /** Nothing: acks and heartbeats are all there is to tell. */
  flushProgress(_heartbeatMillis: number): void {}

  /** Nothing: whether a channel is alive is what publishers tell us. */
  sendStatus(_status: ChannelStatus): void {}

  /** Nothing: a publisher subscribes to nothing, and every batch is checked by itself. */
  loseChannels(_channels: readonly Channel[]): void {}

  /** {@inheritDoc Session.sendGoingAway} */
  sendGoingAway(reconnectAfterMillis: number): void {
    this.#send({ type: "going_away", reconnectAfterMs: reconnectAfterMillis });
  }

  #publish(message: Publication, characters: number): void {
    const { maxMessageBytes } = this.#deps.publishing;
    if (
      this.#pending >= MAX_PENDING_PUBLISHES ||
      this.#pendingCharacters + characters > maxMessageBytes
    ) {
      const { id } = message;
      const text = `nothing was stored; at most ${MAX_PENDING_PUBLISHES} publications of ` +
        `${maxMessageBytes} bytes in all may wait for their acks`;
      this.#error({ id, code: "rate_limited", message: text, retryAfterMs: PENDING_RETRY_MILLIS });
      return;
    }
    this.#submit(message, characters);
  }

  /**
   * Hands a batch to the intake. An overload is reported when it may be over: a publisher that ignores
   * `retryAfterMs` is slowed down by its own limit of publications that wait.
   */
  #submit({ id, events }: Publication, characters: number): void {
    const { eventLog, publishing: { intake } } = this.#deps;
    const { name: principal } = this.#host.peer.principal;
    this.#pending += 1;
    this.#pendingCharacters += characters;
    const finish = () => {
      this.#pending -= 1;
      this.#pendingCharacters -= characters;
    };
    const refuse = (error: unknown) => {
      finish();
      this.#fail(id, error);
    };
    const { messages } = intake;
    try {
      intake.checkPaused(principal);
    } catch (error) {
      refuse(error);
      return;
    }
    if (!messages.take(principal, characters, characters)) {
      const message = "too many messages wait to be read; send fewer at a time";
      const later = () => refuse(new PublishError("OVERLOADED", message));
      this.#deps.clock.setTimeout(later, RETRY_AFTER_MILLIS);
      return;
    }
    intake.submit({
      principal,
      source: this.#host.id,
      bytes: characters,
      release: () => messages.give(principal, characters),
      scan: () => found(events),
      store: (submissions) => {
        const stored = publishAs(eventLog, this.#host.peer.principal, submissions);
        stored.then((receipt) => {
          finish();
          this.#send({ type: "ack", id, ok: true, ...receipt });
        }, refuse);
        return stored;
      },
      refuse,
    });
  }

  #fail(id: string, error: unknown): void {
    if (error instanceof PublishError) {
      this.#refuse(id, error);
      return;
    }
    this.#deps.log.error("publishing failed", { connectionId: this.#host.id, error });
    this.#host.end("internalError");
  }

  #refuse(id: string, refusal: BatchRefusal): void {
    const code = collectorErrorCode(refusal.code);
    if (refusal.faults.length > 0) {
      const message = describeFaults(refusal.faults);
      this.#error({ id, code, message, faults: [...reportedFaults(refusal.faults)] });
      return;
    }
    const { message } = refusal;
    const { retryable } = SOCKET_ERRORS[code];
    this.#error({ id, code, message, ...(retryable && { retryAfterMs: RETRY_AFTER_MILLIS }) });
  }

  #heartbeat({ id, channels }: Extract<CollectorMessage, { action: "heartbeat" }>): void {
    const correlation = id === undefined ? {} : { id };
    const refused = this.#guard.admit();
    if (refused?.kind === "fault") {
      this.#error({ ...correlation, ...refused.fault, retryAfterMs: RETRY_AFTER_MILLIS });
    }
    if (refused !== undefined) return;
    const { channels: known } = this.#deps;
    const reserved = channels.find((channel) => known.get(channel).writer === "gateway");
    if (reserved !== undefined) {
      const message = `nothing was declared; ${reserved} are published by the gateway alone`;
      this.#error({ ...correlation, code: "forbidden", message });
      return;
    }
    const foreign = channels.filter((channel) => !mayUse(this.#host.peer.principal, channel));
    if (foreign.length > 0) {
      const message = `nothing was declared; ${describeForbidden(foreign)}`;
      this.#error({ ...correlation, code: "forbidden", message });
      return;
    }
    if (channels.length > 0) this.#deps.publishing.declare(channels);
    this.#send({ type: "heartbeat", ...correlation, direction: "ack", timestamp: this.#now() });
  }

  #error(fault: Omit<CollectorErrorMessage, "type">): void {
    const { id, code, message, retryAfterMs, faults } = fault;
    this.#send({ type: "error", id, code, message, retryAfterMs, faults });
  }

  #send(message: CollectorServerMessage): void {
    this.#host.reply(encodeCollector(message));
  }

  #now(): number {
    return this.#deps.clock.epochMillis();
  }
}

/** Elements that were found when the message was split. */
// deno-lint-ignore require-yield -- there is nothing left to do
function* found(events: Elements): Generator<void, Elements> {
  return events;
}
