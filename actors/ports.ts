/**
 * The edges of the actors: what they need of the outside, as interfaces. Production adapters live
 * in `routes/` and `main.ts`; tests bring their own.
 *
 * @module
 */
import type { ChannelSet } from "../protocol/channel_set.ts";
import type { Channel } from "../protocol/channels.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { StreamPosition } from "../protocol/stream_position.ts";

/** Time, injected so that tests can advance it. XState's `SimulatedClock` fits the timer half. */
export interface Clock {
  /** Monotonic time in ms; only differences mean anything. */
  now(): number;
  /** Adds the time for which the machine was suspended to {@link Clock.now}, if that can be seen. */
  catchUp?(): void;
  /** Whether {@link Clock.now} counts suspend; `false` or absent: it may look like a step. */
  readonly seesSuspend?: boolean;
  /** Wall-clock time in epoch ms. */
  epochMillis(): number;
  /** Calls once after `ms` milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels what {@link Clock.setTimeout} returned. */
  clearTimeout(timer: unknown): void;
  /** Calls once at the end of this event-loop turn. */
  defer(callback: () => void): void;
}

/** What takes text frames. */
export interface FrameSink {
  /** Queues one text frame. */
  send(frame: string): void;
}

/** The sending half of a WebSocket. */
export interface Socket {
  /**
   * What takes the frames in the end, a step nearer than {@link Socket.send}. It may throw, and is
   * not to be used after {@link Socket.close}.
   */
  readonly sink: FrameSink;
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
  /**
   * The trader whose row it is: the one that the payload names, or of the state that a removal ends.
   * Absent when it is not known, and in events of older stores.
   */
  readonly trader?: string;
  /** The trader whose live state it takes over for another one: to that one it is a removal. */
  readonly previousTrader?: string;
}

/** What a process knows of the age of its own events, whatever the wall clock did. */
export interface OwnAge {
  /** Number of the first event of this process. */
  readonly first: number;
  /** The highest number that is past the age of retention; 0 when none is. */
  readonly aged: number;
  /** The time by which events of earlier processes are judged, epoch ms. */
  readonly epochMillis: number;
}

/** Under which identity an event was published. Kept with it, so that a late retry is harmless. */
export interface StoredIdentity {
  /** The channel of the event. */
  readonly channel: Channel;
  /** The number that the event was given. */
  readonly seq: number;
  /** Name of the publisher's key. */
  readonly principal: string;
  /** The publisher's own id of the event. */
  readonly eventId: string;
  /** Digest of what was published. */
  readonly digest: string;
  /** When it may be forgotten, epoch ms. */
  readonly expiresAt: number;
}

/** How much {@link Store.restore} brings back. */
export interface RestoreRequest {
  /** Most events of a channel. */
  readonly events: number;
  /** Most characters of `data` among them; the newest event comes in any case. */
  readonly characters: number;
  /**
   * Most ids of a lossless channel of which the latest event comes back, where its snapshot is one
   * event per id, and most of each trader; so many {@link RestoreRequest.characters} at most.
   */
  readonly recentKeys: number;
  /** Age from which a tombstone is left out, in ms. */
  readonly tombstoneMillis: number;
  /** The time now, epoch ms. */
  readonly epochMillis: number;
  /** Whether identities whose time is over come back as well, as the clock may have been set. */
  readonly expiredIdentities?: boolean;
}

/** A channel as it was when the store was closed, or the process killed. */
export interface RestoredChannel extends StreamPosition {
  /** The newest events, consecutive up to the head. */
  readonly events: readonly StoredEvent[];
  /**
   * Latest event per key, tombstones included, in the order of numbers. If lossless: that of the last
   * {@link RestoreRequest.recentKeys} ids, and of the last ones of each trader, or none where the
   * snapshot is the last events.
   */
  readonly latest: readonly StoredEvent[];
  /** The highest number whose tombstone is gone or left out; 0 when there is none. */
  readonly horizon: number;
}

/** What a gateway continues from. */
export interface RestoredStore {
  /** Every channel. */
  readonly channels: ReadonlyMap<Channel, RestoredChannel>;
  /** Identities that have not expired, in the order in which they were committed. */
  readonly identities: readonly StoredIdentity[];
}

/**
 * Where events are kept. What {@link Store.commit} resolved is kept; what it rejected is not. An open
 * store is the only one on its data.
 */
export interface Store {
  /** `memory` or the name of the engine, for logs and health. */
  readonly kind: string;
  /** The channels that it keeps; a gateway around it has the same. */
  readonly channels: ChannelSet;
  /** The epoch and head of a channel. */
  head(channel: Channel): StreamPosition;
  /** Number of the oldest event that can be read; head + 1 when there is none. */
  oldest(channel: Channel): number;
  /**
   * What a gateway continues from. Called once, before the first commit.
   *
   * @throws {Error} When the store cannot be read.
   */
  restore(request: RestoreRequest): Promise<RestoredStore>;
  /**
   * Keeps a batch and its identities whole or not at all. Numbers continue the head of their
   * channel. After a failure the same store may be tried again.
   *
   * @throws {Error} When the batch could not be kept; nothing of it is.
   */
  commit(
    batch: readonly StoredEvent[],
    identities?: readonly StoredIdentity[],
  ): Promise<void>;
  /**
   * Events of a channel after a number, in order, at most `limit`.
   *
   * @returns `undefined` when events right after `afterSeq` are no longer kept.
   * @throws {Error} When the store cannot be read; see {@link isDamage}. A page ends before an event
   * that is damaged.
   */
  read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined>;
  /**
   * Takes one small step of forgetting what is over the limits: old events, tombstones, identities.
   *
   * @param epochMillis The time now, epoch ms. An event dated later than that is as old as the next.
   * @param own The age of the events of this process; by their dates when absent.
   * @returns Whether there may be more to forget.
   * @throws {Error} When the step could not be taken; nothing of it is.
   */
  retain(epochMillis: number, own?: ReadonlyMap<Channel, OwnAge>): Promise<boolean>;
  /**
   * Gives every channel a new epoch; numbers go on. For a store that was restored from a backup,
   * before a gateway continues from it.
   *
   * @throws {Error} When it could not be kept.
   */
  rotateEpoch(): Promise<void>;
  /**
   * Releases what the store holds. Idempotent; what is called afterwards rejects.
   *
   * @throws {Error} When it could not be closed in order, which the next start makes good.
   */
  close(): Promise<void>;
}

/**
 * Whether a store could not be read because an event in the page is damaged: asking again will not
 * help, other pages can be read.
 */
export function isDamage(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === "damaged";
}

/** Who stands behind a request or a connection. */
export interface Principal {
  /** The name of the key, stable over rotation; `anonymous` without one. */
  readonly name: string;
  /** Whether a credential was presented and valid. */
  readonly authenticated: boolean;
  /** What it may do. */
  readonly scopes: ReadonlySet<Scope>;
  /** The channels that it may use, whatever it does; all when absent. */
  readonly channels?: ReadonlySet<Channel>;
  /**
   * Its outbound limit in metered frames per second for each connection, instead of
   * `telemetry.rateLimitPerSecond`; 0 is unlimited.
   */
  readonly rateLimitPerSecond?: number;
  /** The traders whose rows it may see and publish; all when absent. */
  readonly traders?: ReadonlySet<string>;
  /** Whether a holder limited to {@link Principal.traders} also gets what concerns no single trader. */
  readonly portfolio?: boolean;
  /** The short public id of the secret that was presented; absent without one. */
  readonly secretId?: string;
  /** The public id of the session that stands for the secret; absent without one. */
  readonly sessionId?: string;
}

export type { Scope };

/** Structured logging. Values are never credentials; URLs are redacted before they come here. */
export interface Logger {
  /** Details for developers. */
  debug(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** Normal operation. */
  info(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** What an operator should look into later. */
  warn(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** What an operator should look into now. */
  error(message: string, properties?: Readonly<Record<string, unknown>>): void;
}
