/**
 * What the rest of the process may ask of the running gateway: the interface between routes and
 * actors.
 *
 * @module
 */
import type { ClientDetails, ClientInfo, ConnectionState, ErrorCode } from "../protocol/api.ts";
import type { Channel } from "../protocol/channels.ts";
import type { Ban, BanSubject } from "../protocol/rest/bans.ts";
import type { EndingCause } from "../protocol/close_codes.ts";
import type { Fault } from "../protocol/publish.ts";
import type { ChannelState } from "../protocol/v2/server_message.ts";
import type { StoredEvent } from "./ports.ts";
import type { RowFilter } from "./stream/row_filter.ts";

/** How a client was found to be slow: conflated for it, or closed with 4413. */
export type Slowness = "throttled" | "closed";

/** Why events were not delivered to a connection. */
export type ShedReason = "rate_limit" | "slow_consumer" | "ring_overrun";

/** The life of the hub. */
export type HubStatus = "running" | "draining" | "stopped";

/** How far a channel can be trusted at a moment. */
export interface ChannelStatus {
  /** The channel. */
  readonly channel: Channel;
  /** Whether its collector lives. */
  readonly state: ChannelState;
  /** When the last event was accepted, epoch ms; `undefined` before the first. */
  readonly lastEventAt: number | undefined;
}

/** Counters and gauges of one channel; counters start at 0 with the process. */
export interface ChannelStats {
  /** Number of the last event. */
  readonly head: number;
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Cursors into the channel. */
  readonly subscribers: number;
  /** Latest states that a replay would draw from. */
  readonly snapshotSize: number;
  /** Events in the ring. */
  readonly ringEvents: number;
  /** Bytes in the ring. */
  readonly ringBytes: number;
  /** Events accepted from publishers. */
  readonly published: number;
  /** Events delivered, counted once per connection. */
  readonly sent: number;
  /** Events shed, counted once per connection, by reason. */
  readonly shed: Readonly<Record<ShedReason, number>>;
  /** Events left out for clients that want the latest alone, counted once per connection. */
  readonly conflated: number;
}

/** Counters and gauges of the process. */
export interface GatewayStats {
  /** The life of the hub. */
  readonly status: HubStatus;
  /** Time since start, in ms. */
  readonly uptimeMillis: number;
  /** Open connections. */
  readonly activeConnections: number;
  /** Handshakes under way. */
  readonly connecting: number;
  /** Connections that ended while the peer still holds the socket, with a seat or without. */
  readonly lingering: number;
  /** Connections being conflated instead of streamed at this moment. */
  readonly throttled: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Endings since the start, by cause; `peer` is a close by the peer. */
  readonly endings: Readonly<Partial<Record<EndingCause | "peer" | "refused", number>>>;
  /** Connection actors that failed since the start. */
  readonly failures: number;
  /** The numbers of each channel. */
  readonly channels: Readonly<Record<Channel, ChannelStats>>;
}

/** What administrators do with connections. */
export interface Operations {
  /** A consistent picture of this moment. */
  stats(): GatewayStats;
  /**
   * Live connections ordered by `connectionId`, described one by one as they are asked for; those
   * that ended while the peer still holds the socket only when their state is asked for.
   *
   * @param after Starts behind this `connectionId`.
   * @param state Only connections in this state.
   */
  clients(after?: string, state?: ConnectionState): Iterable<ClientInfo>;
  /**
   * The connection whose `connectionId` is `id`, also if it ended while the peer still holds the
   * socket; else all live ones whose `clientId` is.
   */
  clientsById(id: string): readonly ClientDetails[];
  /**
   * Ends the live connections that {@link Operations.clientsById} names with 4410.
   *
   * @param banSeconds Refuses their return for so long; 0 does not.
   * @param principal The name of the key that asks for it, for the log and the list of bans.
   * @param by What the ban is about; unless it is `peer`, the default, it ends every live connection
   *   that it covers.
   * @returns How many were ended.
   */
  disconnect(
    id: string,
    reason: string,
    banSeconds: number,
    principal: string,
    by?: BanSubject,
  ): number;
  /** The bans in force, the oldest first. */
  bans(): readonly Ban[];
  /** Ends a ban; `undefined` when there is none with this id. */
  liftBan(id: string): Ban | undefined;
}

/** What a page of history begins with. */
export interface EventsRequest {
  /** The epoch that the reader knows; any when absent. */
  readonly epoch?: string | undefined;
  /** The number before the first that is wanted; the oldest one kept is the first when absent. */
  readonly afterSeq?: number | undefined;
  /** Most events. */
  readonly limit: number;
}

/** A page of the events of a channel, at the moment at which it was asked for. */
export interface EventsPage {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event of the channel; 0 when there is none. */
  readonly head: number;
  /** Number of the oldest event that can be read; head + 1 when there is none. */
  readonly oldest: number;
  /** The number before the first event of the page. */
  readonly afterSeq: number;
  /** When the last event of the channel was accepted, epoch ms; absent when none is at hand. */
  readonly asOf?: number;
  /** Stands for what the reader may see; empty when that is everything. */
  readonly variant: string;
  /**
   * The events in order, from memory and then from the store: as many as were asked for, unless the
   * channel ends, they become too large for one page, or too many in between are withheld.
   *
   * @throws {HistoryError} When they are forgotten meanwhile, or the store cannot be read.
   */
  read(): Promise<EventsRead>;
}

/** The events of a page. */
export interface EventsRead {
  /** Consecutive, but for those that are withheld from the reader. */
  readonly events: readonly StoredEvent[];
  /** The number after which the next page begins. */
  readonly last: number;
}

/** The live states of a channel, or the last events of a lossless one. */
export interface ChannelSnapshot {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event of the channel; 0 when there is none. */
  readonly seq: number;
  /** When the last event of the channel was accepted, epoch ms; absent when none is at hand. */
  readonly asOf?: number;
  /**
   * What tells this snapshot from every other one of the channel, with epoch and number: nothing
   * else decides about its events. Known without collecting them.
   */
  readonly variant: string;
  /** Collects the events, in the order of their numbers; to be called at once, or not at all. */
  events(): readonly StoredEvent[];
}

/** What was published, for readers that come without a connection. */
export interface History {
  /**
   * The snapshot of a channel at this moment.
   *
   * @param limit What the reader may see; everything when absent.
   */
  snapshot(channel: Channel, limit?: RowFilter): ChannelSnapshot;
  /**
   * A page of the events of a channel.
   *
   * @param limit What the reader may see; everything when absent.
   * @throws {HistoryError} When the page would not be what was asked for.
   */
  page(channel: Channel, request: EventsRequest, limit?: RowFilter): EventsPage;
}

/** Why there is no page of history. */
export class HistoryError extends Error {
  /** The code of the answer. */
  readonly code: ErrorCode;
  /** What the reader needs to go on. */
  readonly details: Readonly<Record<string, string>>;

  /** Takes the code, a message for people, and details. */
  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "HistoryError";
    this.code = code;
    this.details = details;
  }
}

/** Why a valid batch was not stored. Nothing of it was. */
export class PublishError extends Error {
  /** The code of the answer. */
  readonly code: ErrorCode;
  /** What is wrong with which event, when the batch is to blame. */
  readonly faults: readonly Fault[];

  /** Takes the code, a message for people, and the faults if there are any. */
  constructor(code: ErrorCode, message: string, faults: readonly Fault[] = []) {
    super(message);
    this.name = "PublishError";
    this.code = code;
    this.faults = faults;
  }
}
