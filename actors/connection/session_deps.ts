/**
 * What connections and their sessions work with.
 *
 * @module
 */
import type { ChannelSet } from "../../protocol/channel_set.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type { LimitHits } from "../limits/limit_hits.ts";
import type { Intake } from "../intake/intake.ts";
import type { EventLog } from "../log/event_log.ts";
import type { ChannelStatus, Slowness } from "../operations.ts";
import type { Clock, Logger, Principal } from "../ports.ts";
import type { Fanout } from "../stream/fanout.ts";
import type { Peer } from "./peer.ts";

/** What sessions of publishers work with, beside what every session does. */
export interface PublishingDeps {
  /** Hears which channels a publisher says it is alive for; at least one. */
  readonly declare: (channels: readonly Channel[]) => void;
  /** Takes batches. */
  readonly intake: Intake;
  /** Longest message, and the most that may wait for its commit, in bytes. */
  readonly maxMessageBytes: number;
}

/** Hears of clients that are in trouble. */
export interface ConnectionObserver {
  /** A client does not read as fast as it is sent to; at most a few times a second for each. */
  slowConsumer(peer: Peer, connectionId: string, slowness: Slowness): void;
  /** A client has seen numbers that the store does not know: an older one took its place. */
  rolledBack(channel: Channel, seen: number, head: number): void;
}

/** What sessions work with; one object for all of them. */
export interface SessionDeps {
  /** Time. */
  readonly clock: Clock;
  /** The channels that there are. */
  readonly channels: ChannelSet;
  /** Where the lines of all connections go. */
  readonly log: Logger;
  /** Hears of slow clients, and of a store that went back in time. */
  readonly observer: ConnectionObserver;
  /** How far a channel can be trusted at this moment. */
  readonly statusOf: (channel: Channel) => ChannelStatus;
  /** The data plane that clients subscribe to. */
  readonly fanout: Fanout;
  /** Takes events, and acknowledgements of alerts. */
  readonly eventLog: Pick<EventLog, "append">;
  /** Takes note of what is acknowledged. */
  readonly audit: AuditLog;
  /** Time between two batches to a v2 client, in ms. */
  readonly flushIntervalMillis: number;
  /** Time between two heartbeats of the gateway, in ms. */
  readonly heartbeatIntervalMillis: number;
  /** Outbound events per second; 0 is unlimited. */
  readonly rateLimitPerSecond: number;
  /** Most events replayed per channel. */
  readonly replayLimit: number;
  /** Most channels that a connection is subscribed to. */
  readonly maxSubscriptions: number;
  /** Most values in one list of a filter. */
  readonly maxFilterValues: number;
  /** Counts what is refused by a limit. */
  readonly limitHits: LimitHits;
  /** Inbound messages per second. */
  readonly inboundMessagesPerSecond: number;
  /** What publishers need beside it. */
  readonly publishing: PublishingDeps;
}

/** The dependencies of a session with the limit of its principal, where that has one. */
export function withRateLimitOf(
  { rateLimitPerSecond }: Principal,
  deps: SessionDeps,
): SessionDeps {
  return rateLimitPerSecond === undefined ? deps : { ...deps, rateLimitPerSecond };
}
