/**
 * What the gateway says about itself: joins what is noticed with whom it is told to.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { Peer } from "../connection/peer.ts";
import type { AppendedEvent, EventLog, LogObserver } from "../log/event_log.ts";
import type { ChannelStatus, Slowness } from "../operations.ts";
import type { RestoredChannel } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { Freshness, type FreshnessDeps } from "./freshness.ts";
import { type Absence, Watchers } from "./watchers.ts";
import { Warnings, type WarningsDeps } from "./warnings.ts";

/**
 * How long the store must take events before it counts as recovered, in ms: on a full disk small
 * commits may succeed between large ones that fail.
 */
export const RECOVERY_MILLIS = 1_000;

/** What {@link Health} works with. */
export interface HealthDeps extends Omit<WarningsDeps, "streams">, Omit<FreshnessDeps, "onChange"> {
  /** Stores warnings, and knows how storing goes. */
  readonly eventLog: Pick<EventLog, "append" | "storage">;
  /** How many cursors a channel has at this moment. */
  readonly countReaders: (channel: Channel) => number;
  /** Tells clients of the state of a channel after each change. */
  readonly onStatus: (status: ChannelStatus) => void;
}

/** Freshness, watchers, slow clients and the trouble of the store, as warnings and states. */
export class Health implements LogObserver {
  readonly #deps: HealthDeps;
  readonly #warnings: Warnings;
  readonly #freshness: Freshness;
  readonly #watchers: Watchers;
  /** Since when the channels that were warned of are stale, monotonic ms. */
  readonly #staleSince = new Map<Channel, number>();
  /** Fields left out since the start. */
  readonly #ignored = new Map<Channel, number>();
  #failing = false;
  /** Since when the store has not failed, monotonic ms. */
  #soundSince: number;

  /** Starts with every channel fresh. */
  constructor(deps: HealthDeps) {
    const { clock, streams } = deps;
    this.#deps = deps;
    this.#soundSince = clock.now();
    this.#warnings = new Warnings(deps);
    this.#freshness = new Freshness({ ...deps, onChange: (status) => this.#changed(status) });
    this.#watchers = new Watchers({
      clock,
      stream: alertsOf(streams),
      countReaders: () => deps.countReaders(alertsOf(streams).channel),
      onUnwatched: (absence) => this.#unwatched(absence),
      onWatched: (absence) => this.#watched(absence),
    });
  }

  /** {@inheritDoc LogObserver.appended} */
  appended(channel: Channel, events: readonly AppendedEvent[]): void {
    this.#freshness.appended(channel, events);
  }

  /** {@inheritDoc LogObserver.restarted} */
  restarted(channel: Channel, state: RestoredChannel): void {
    this.#freshness.restarted(channel, state);
  }

  /** Checks everything that depends on time. Called a few times a second while clients are served. */
  poll(): void {
    this.#lookAtStore();
    this.#freshness.poll();
    this.#watchers.poll();
    this.#warnings.poll();
  }

  /** A collector says that it lives, and that these channels are its own. */
  declare(channels: readonly Channel[]): void {
    this.#freshness.declare(channels);
  }

  /** The state of a channel. */
  status(channel: Channel): ChannelStatus {
    return this.#freshness.status(channel);
  }

  /** The state of every channel. */
  statuses(): readonly ChannelStatus[] {
    return this.#freshness.statuses();
  }

  /** The gateway is about to close every connection. */
  shuttingDown(): void {
    this.#warnings.announce("SHUTTING_DOWN", "gateway", "the gateway is shutting down");
  }

  /**
   * A client does not read as fast as it is sent to. Clients without a name of their own are one
   * subject per key, as they come back under another id.
   */
  slowConsumer({ principal, clientId }: Peer, connectionId: string, slowness: Slowness): void {
    const subject = clientId === undefined ? principal.name : `${principal.name}/${clientId}`;
    const what = slowness === "throttled" ? "is too slow and conflated" : "was too slow and closed";
    const client = clientId === undefined ? {} : { clientId };
    const details = { principal: principal.name, ...client, connectionId, slowness };
    this.#warnings.raise("SLOW_CONSUMER", subject, `client ${subject} ${what}`, details);
  }

  /** A client has seen numbers that the store does not know: an older one took its place. */
  rolledBack(channel: Channel, seen: number, head: number): void {
    const message = `a client has seen ${channel} up to ${seen}, and ${head} is the last that is ` +
      "stored; rotate the epoch of a restored store";
    this.#warnings.raise("SEQUENCE_ROLLED_BACK", channel, message, { channel, seen, head });
  }

  /** Fields of published events that nobody knows were left out. */
  ignoredFields(channel: Channel, fields: number, example: string): void {
    this.#ignored.set(channel, (this.#ignored.get(channel) ?? 0) + fields);
    const message = `events of ${channel} have fields that the gateway does not know, such as ` +
      `${example}; they are left out`;
    this.#warnings.raise("IGNORED_FIELDS", channel, message, { channel, fields, example });
  }

  /** Fields left out since the start, by channel. */
  ignored(): ReadonlyMap<Channel, number> {
    return this.#ignored;
  }

  /** The wall clock was set, by so many ms. */
  clockStepped(millis: number): void {
    const stepSeconds = Math.round(millis) / 1_000;
    const how = millis > 0 ? "ahead" : "back";
    const message = `the clock of this machine went ${how} by ${Math.abs(stepSeconds)} s`;
    this.#warnings.raise("CLOCK_STEPPED", "gateway", message, { stepSeconds });
  }

  #lookAtStore(): void {
    const { clock, eventLog } = this.#deps;
    const now = clock.now();
    const { failing } = eventLog.storage();
    if (failing) this.#soundSince = now;
    if (failing === this.#failing || (!failing && now - this.#soundSince < RECOVERY_MILLIS)) return;
    this.#failing = failing;
    if (failing) this.#warnings.announce("STORE_FAILING", "store", "events cannot be stored");
    else this.#warnings.announce("STORE_RECOVERED", "store", "events are stored again");
    this.#freshness.degrade(failing);
  }

  #changed(status: ChannelStatus): void {
    const { channel, state } = status;
    const now = this.#deps.clock.now();
    const staleSince = this.#staleSince.get(channel);
    if (state === "stale" && staleSince === undefined) {
      this.#staleSince.set(channel, now);
      this.#raiseStale(status);
    } else if (state === "fresh" && staleSince !== undefined) {
      this.#staleSince.delete(channel);
      const details = { channel, staleSeconds: seconds(now - staleSince) };
      this.#warnings.raise("FRESH_CHANNEL", channel, `${channel} is fresh again`, details);
    }
    this.#deps.onStatus(status);
  }

  #raiseStale({ channel, lastEventAt }: ChannelStatus): void {
    const maxAgeSeconds = this.#deps.maxAgeMillis(channel) / 1_000;
    const last = lastEventAt === undefined
      ? {}
      : { lastEventAt: new Date(lastEventAt).toISOString() };
    const message = `no event and no collector heartbeat on ${channel} for ${maxAgeSeconds} s`;
    this.#warnings.raise("STALE_CHANNEL", channel, message, { channel, maxAgeSeconds, ...last });
  }

  #unwatched({ millis, unseen }: Absence): void {
    const { channel } = alertsOf(this.#deps.streams);
    const details = { channel, seconds: seconds(millis), unseen };
    const missed = unseen === 0 ? "" : `; ${unseen} published meanwhile`;
    const message = `nobody is subscribed to ${channel}${missed}`;
    this.#warnings.raise("NOBODY_WATCHING", channel, message, details);
  }

  #watched({ millis, unseen }: Absence): void {
    const { channel } = alertsOf(this.#deps.streams);
    const details = { channel, seconds: seconds(millis), unseen };
    const message = `somebody is subscribed to ${channel} again`;
    this.#warnings.raise("SOMEBODY_WATCHING", channel, message, details);
  }
}

/** The stream that somebody has to watch. */
function alertsOf(streams: FreshnessDeps["streams"]): ChannelStream {
  return [...streams.values()].find(({ spec }) => spec.alerts)!;
}

function seconds(millis: number): number {
  return Math.round(millis / 1_000);
}
