/**
 * What a feed and its users know of each other.
 *
 * @module
 */
import type { Demand } from "./demand.ts";
import type { ClientClock } from "./environment.ts";
import type { GapReason, StreamPosition, TelemetryError } from "./errors.ts";
import type { FrameFault } from "./frames.ts";
import type { Requests } from "./requests.ts";
import type { ChannelState, EventsFrame, WireEvent } from "./wire_types.ts";

/** Whether a channel's data can be trusted; `offline` while there is no connection. */
export interface Freshness {
  /** What the gateway says of the channel, or `offline`. */
  readonly state: ChannelState | "offline";
  /** When the channel had its last event, in ISO form, as far as the gateway said. */
  readonly lastEventAt: string | null;
}

/** Why a subscription was begun anew: what was wrong with what came, or with the place. */
export type ResyncReason = FrameFault | GapReason | "unexpected" | "unsolicited";

/** A user of a channel: a table or a log. */
export interface FeedUser {
  readonly demand: Demand;
  /** How far it is. */
  readonly place: StreamPosition | undefined;
  /** Whether it begins with, and can go on from, a snapshot. */
  readonly takesSnapshots: boolean;
  /** Whether it takes nothing for now. */
  readonly paused: boolean;
  /** It begins at the head. */
  begin(place: StreamPosition): void;
  /** Everything, at a place. */
  reset(place: StreamPosition, events: readonly WireEvent[], shared: boolean): void;
  /** A frame of which at least one number is new, and none is missing. */
  apply(frame: EventsFrame, shared: boolean): void;
  /** The gateway says something about the channel, or cannot be heard. */
  freshen(freshness: Freshness): void;
  /** The subscription was begun anew. */
  resynced(reason: ResyncReason): void;
  /** What is missing cannot be had: it cannot go on. */
  gap(reason: GapReason, resumeAt: StreamPosition): void;
  /** It cannot have what it wants, or the client has ended. */
  fail(error: TelemetryError): void;
}

/** What a feed needs of its connection. */
export interface FeedHost {
  /** Requests on it. */
  readonly requests: Requests;
  readonly clock: ClientClock;
  /** Gives up on the connection, and comes back. */
  fail(why: TelemetryError): void;
}
