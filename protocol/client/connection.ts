/**
 * A connection that comes back: credentials, handshake, liveness, backoff. What is said on it is the
 * business of its handler.
 *
 * @module
 */
import { Backoff } from "./backoff.ts";
import {
  askReason,
  type Credentials,
  keyProtocol,
  type ReasonRequest,
  ticketError,
} from "./credentials.ts";
import { endingError } from "./endings.ts";
import type { Environment } from "./environment.ts";
import { TelemetryError } from "./errors.ts";
import { Link } from "./link.ts";
import { Liveness } from "./liveness.ts";
import { watchWakes } from "./wakes.ts";

/** How long an attempt may take as far as the welcome, in ms: the gateway holds some for 5 s. */
const HANDSHAKE_MILLIS = 10_000;

/** Shortest time between two attempts, however often the page wakes up, in ms. */
const ATTEMPT_GAP_MILLIS = 1_000;

/** What a connection is doing. */
export type ConnectionState =
  | { readonly status: "connecting" }
  | { readonly status: "live"; readonly connectionId: string }
  /** `why` it is not live, and the epoch ms at which it tries again. */
  | { readonly status: "waiting"; readonly why: TelemetryError; readonly retryAt: number }
  /** It does not come back. */
  | { readonly status: "ended"; readonly why: TelemetryError };

/** Where to connect, and as whom. */
export interface ConnectionTarget extends Credentials {
  /** `ws://` or `wss://`, with the path of the socket. */
  readonly url: URL;
  /** The subprotocol to speak. */
  readonly protocol: string;
  /** What is asked over HTTP why a handshake failed. */
  readonly reason: ReasonRequest;
}

/** A message of any dialect. */
export type Message = Readonly<Record<string, unknown>>;

/** What is told to the owner of a connection. */
export interface ConnectionHandler {
  /** The gateway welcomed us: ask for what is wanted. */
  opened(welcome: Message): void;
  /** A message beside the welcome. */
  received(message: Message): void;
  /** What was asked is not answered any more. */
  lost(why: TelemetryError): void;
  /** The state is another one. */
  changed(state: ConnectionState): void;
}

/** See the module. */
export class Connection {
  readonly #target: ConnectionTarget;
  readonly #env: Environment;
  readonly #handler: ConnectionHandler;
  readonly #backoff: Backoff;
  readonly #liveness: Liveness;
  readonly #stopWatching: () => void;
  #state: ConnectionState = { status: "connecting" };
  /** Counts attempts: what belongs to an earlier one is ignored. */
  #attempt = 0;
  #link: Link | undefined;
  #timer: unknown;
  #attemptedAt = 0;
  #liveSince: number | undefined;
  #earliestAt = 0;
  #hintMs: number | undefined;

  /** Does nothing until {@link Connection.start}. */
  constructor(target: ConnectionTarget, env: Environment, handler: ConnectionHandler) {
    this.#target = target;
    this.#env = env;
    this.#handler = handler;
    this.#backoff = new Backoff(env.random);
    this.#liveness = new Liveness(env.clock, {
      probe: () => this.send({ action: "heartbeat" }),
      dead: () => this.fail(new TelemetryError("stalled")),
    });
    this.#stopWatching = watchWakes(env, () => this.#wake());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Ms since the last message; grows while nothing comes. */
  get silenceMs(): number {
    return this.#liveness.silenceMs;
  }

  /** Makes the next attempt. */
  start(): void {
    const attempt = ++this.#attempt;
    const { clock } = this.#env;
    this.#attemptedAt = clock.now();
    this.#hintMs = undefined;
    this.#arm(HANDSHAKE_MILLIS, () => {
      this.fail(new TelemetryError("unreachable", "no welcome came"));
    });
    this.#set({ status: "connecting" });
    if (attempt !== this.#attempt) return; // A handler closed it.
    const { ticket } = this.#target;
    if (ticket === undefined) return this.#open(this.#target.url);
    const isCurrent = () => attempt === this.#attempt;
    // In a promise, so that a callback that throws is one that rejects.
    new Promise<string>((resolve) => resolve(ticket())).then(
      (text) => {
        const url = new URL(this.#target.url);
        url.searchParams.set("ticket", text);
        if (isCurrent()) this.#open(url);
      },
      (error) => isCurrent() && this.fail(ticketError(error)),
    );
  }

  /** Sends a message if there is a link. */
  send(message: unknown): void {
    this.#link?.send(message);
  }

  /** Gives up on the present attempt or link, and comes back unless the error is final. */
  fail(why: TelemetryError): void {
    if (this.#state.status === "ended" || this.#state.status === "waiting") return;
    const { clock } = this.#env;
    const livedMs = this.#liveSince === undefined ? 0 : clock.now() - this.#liveSince;
    this.#abandon();
    this.#handler.lost(why);
    if (why.final) return this.#end(why);
    const askedMs = why.retryAfterMs ?? 0;
    const waitMs = this.#backoff.next(livedMs, askedMs);
    this.#earliestAt = Math.max(clock.now() + askedMs, this.#attemptedAt + ATTEMPT_GAP_MILLIS);
    this.#arm(waitMs, () => this.start());
    this.#set({ status: "waiting", why, retryAt: clock.epochMillis() + waitMs });
  }

  /** Ends it for good. */
  close(): void {
    if (this.#state.status === "ended") return;
    const why = new TelemetryError("closed", undefined, { final: true });
    this.#abandon();
    this.#handler.lost(why);
    this.#end(why);
  }

  #end(why: TelemetryError): void {
    this.#stopWatching();
    this.#set({ status: "ended", why });
  }

  #open(url: URL): void {
    const { key, protocol } = this.#target;
    const protocols = key === undefined ? [protocol] : [protocol, keyProtocol(key)];
    try {
      this.#link = new Link(this.#env.WebSocket, url.href, protocols, {
        message: (message) => this.#receive(message),
        ended: (code, reason) => this.#ended(code, reason),
      });
    } catch {
      // The platform's message may repeat the address, and with it the ticket.
      this.fail(
        new TelemetryError("refused", "the address cannot be used", { final: true }),
      );
    }
  }

  #receive(message: Message): void {
    if (this.#state.status === "live") {
      this.#liveness.heard(message["type"] === "heartbeat" && message["direction"] === "ack");
      if (message["type"] === "going_away") this.#hintMs = positive(message["reconnectAfterMs"], 0);
      else this.#handler.received(message);
    } else if (message["type"] === "welcome") {
      this.#env.clock.clearTimeout(this.#timer);
      this.#liveSince = this.#env.clock.now();
      const intervalMs = positive(message["heartbeatIntervalSeconds"], 15) * 1_000;
      this.#liveness.start(intervalMs * 2);
      this.#handler.opened(message);
      const connectionId = String(message["connectionId"]);
      if (this.#liveSince !== undefined) this.#set({ status: "live", connectionId });
    }
  }

  #ended(code: number, reason: string): void {
    const error = endingError(code, reason, this.#hintMs);
    const { ticket } = this.#target;
    const isTold = this.#liveSince !== undefined || error.final || error.code === "overloaded";
    // A ticket was given for this attempt: the credential is not to blame.
    if (isTold || ticket !== undefined) return this.fail(error);
    const attempt = this.#attempt;
    // The deadline of the attempt covers this request as well.
    askReason(this.#target, this.#env).then((why) => {
      if (attempt === this.#attempt) this.fail(why);
    });
  }

  /** The page or the network is back. */
  #wake(): void {
    if (this.#state.status === "live") return this.#liveness.wake();
    if (this.#state.status !== "waiting") return;
    const waitMs = this.#earliestAt - this.#env.clock.now();
    if (waitMs <= 0) this.start();
    else this.#arm(waitMs, () => this.start());
  }

  #abandon(): void {
    this.#attempt += 1;
    this.#env.clock.clearTimeout(this.#timer);
    this.#liveness.stop();
    this.#liveSince = undefined;
    this.#link?.close();
    this.#link = undefined;
  }

  #arm(ms: number, callback: () => void): void {
    this.#env.clock.clearTimeout(this.#timer);
    this.#timer = this.#env.clock.setTimeout(callback, ms);
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#handler.changed(state);
  }
}

/** A number of a message, or what stands in for one that is not positive. */
function positive(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 ? value : otherwise;
}
