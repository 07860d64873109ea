/**
 * The dialects: which session speaks what a peer has negotiated.
 *
 * @module
 */
import type { ProtocolName } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import { encodeCollector } from "../../protocol/collector_message.ts";
import { heartbeat, notice } from "../../protocol/server_message_v1.ts";
import { encodeV2 } from "../../protocol/server_message_v2.ts";
import type { ChannelStatus, Publisher, Slowness } from "../operations.ts";
import type { Clock, Logger } from "../ports.ts";
import type { Fanout } from "../stream/fanout.ts";
import type { Peer } from "./peer.ts";
import type { Session, SessionHost } from "./session.ts";
import { type PublishingDeps, SessionCollector } from "./session_collector.ts";
import { SessionV1 } from "./session_v1.ts";
import { SessionV2 } from "./session_v2.ts";

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
  /** Where the lines of all connections go. */
  readonly log: Logger;
  /** Hears of slow clients, and of a store that went back in time. */
  readonly observer: ConnectionObserver;
  /** How far a channel can be trusted at this moment. */
  readonly statusOf: (channel: Channel) => ChannelStatus;
  /** The data plane that clients subscribe to. */
  readonly fanout: Fanout;
  /** Takes events, and acknowledgements of alerts. */
  readonly publisher: Publisher;
  /** Time between two batches to a v2 client, in ms. */
  readonly flushIntervalMillis: number;
  /** Time between two heartbeats of the gateway, in ms. */
  readonly heartbeatIntervalMillis: number;
  /** Outbound events per second; 0 is unlimited. */
  readonly rateLimitPerSecond: number;
  /** Most events replayed per channel. */
  readonly replayLimit: number;
  /** Inbound messages per second. */
  readonly inboundMessagesPerSecond: number;
  /** What publishers need beside it. */
  readonly publishing: PublishingDeps;
}

interface Dialect {
  readonly session: new (host: SessionHost, deps: SessionDeps) => Session;
  /** The gateway's heartbeat: one frame for everybody who is due at the time (epoch ms). */
  readonly heartbeat: (epochMillis: number) => string;
  /** A warning without a number; absent where a status says the same. */
  readonly notice?: typeof notice;
}

const DIALECTS: Readonly<Record<ProtocolName, Dialect>> = {
  "telemetry.v1": { session: SessionV1, heartbeat: (now) => heartbeat("server", now), notice },
  "telemetry.v2": {
    session: SessionV2,
    heartbeat: (timestamp) => encodeV2({ type: "heartbeat", direction: "server", timestamp }),
  },
  "telemetry.collector": {
    session: SessionCollector,
    heartbeat: (timestamp) =>
      encodeCollector({ type: "heartbeat", direction: "server", timestamp }),
  },
};

/** Starts the session of a connection. */
export function createSession(host: SessionHost, deps: SessionDeps): Session {
  const { session: Speaker } = DIALECTS[host.peer.protocol];
  return new Speaker(host, deps);
}

/** The gateway's heartbeat in a dialect, at a time in epoch ms. */
export function heartbeatFrame(protocol: ProtocolName, epochMillis: number): string {
  return DIALECTS[protocol].heartbeat(epochMillis);
}

/**
 * A warning without a number in a dialect; `undefined` when it has other words for it.
 *
 * @param epoch The epoch of system-warnings.
 * @param epochMillis The time of the message, epoch ms.
 */
export function noticeFrame(
  protocol: ProtocolName,
  warning: SystemWarning,
  epoch: string,
  epochMillis: number,
): string | undefined {
  return DIALECTS[protocol].notice?.(warning, epoch, epochMillis);
}
