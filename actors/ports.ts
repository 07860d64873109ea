/**
 * The edges of the actors: what they need of the outside, as interfaces. Production adapters live
 * in `routes/` and `main.ts`; tests bring their own.
 *
 * @module
 */
import type { Channel } from "../protocol/channels.ts";

/** Time, injected so that tests can advance it. XState's `SimulatedClock` fits the timer half. */
export interface Clock {
  /** Monotonic time in ms; only differences mean anything. */
  now(): number;
  /** Wall-clock time in epoch ms. */
  epochMillis(): number;
  /** Calls once after `ms` milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels what {@link Clock.setTimeout} returned. */
  clearTimeout(timer: unknown): void;
  /** Calls once at the end of this event-loop turn. */
  defer(callback: () => void): void;
}

/** The sending half of a WebSocket. */
export interface Socket {
  /**
   * Bytes accepted by {@link Socket.send} and not yet written to the network; `Infinity` once the
   * socket is closing, as it takes nothing more.
   */
  readonly bufferedAmount: number;
  /** Queues one text frame. Never throws: a socket that fails ends its connection. */
  send(frame: string): void;
  /** Starts the closing handshake. Idempotent. */
  close(code: number, reason: string): void;
}

/** An event with its number, as stores keep it. */
export interface StoredEvent {
  /** The channel it belongs to. */
  readonly channel: Channel;
  /** Position in the channel's sequence, from 1, without holes. */
  readonly seq: number;
  /** What it is the latest state of. */
  readonly key: string;
  /** Whether it ends its key. */
  readonly ends?: "closed" | "removed";
  /** Time of acceptance, epoch ms. */
  readonly timestamp: number;
  /** The ISO time of the payload. */
  readonly time: string;
  /** The outgoing `data`, as JSON. */
  readonly data: string;
}

/** What a store knows of a channel when it is opened. */
export interface ChannelHead {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event; 0 when there is none. */
  readonly seq: number;
}

/** Where events are kept. What {@link Store.commit} resolved is kept; what it rejected is not. */
export interface Store {
  /** `memory` or the name of the engine, for logs and health. */
  readonly kind: string;
  /** The epoch and head of a channel. */
  head(channel: Channel): ChannelHead;
  /**
   * Keeps a batch whole or not at all. Numbers continue the head of their channel.
   *
   * @throws {Error} When the batch could not be kept; nothing of it is.
   */
  commit(batch: readonly StoredEvent[]): Promise<void>;
  /**
   * Events of a channel after a number, in order, at most `limit`.
   *
   * @returns `undefined` when events right after `afterSeq` are no longer kept.
   */
  read(channel: Channel, afterSeq: number, limit: number): readonly StoredEvent[] | undefined;
  /** Releases what the store holds. */
  close(): Promise<void>;
}

/** Who stands behind a request or a connection. */
export interface Principal {
  /** The name of the key, stable over rotation; `anonymous` without one. */
  readonly name: string;
  /** Whether a credential was presented and valid. */
  readonly authenticated: boolean;
  /** What it may do. */
  readonly scopes: ReadonlySet<Scope>;
}

/** What a key may be allowed to do. */
export type Scope = "subscribe" | "publish" | "acknowledge" | "admin" | "metrics";

/** Structured logging. Values are never credentials; URLs are redacted before they come here. */
export interface Logger {
  /** What only developers want to see. */
  debug(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** What normally happens. */
  info(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** What somebody should look at some day. */
  warn(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** What somebody should look at now. */
  error(message: string, properties?: Readonly<Record<string, unknown>>): void;
}
