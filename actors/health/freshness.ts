/**
 * Which channels are alive: a collector that went silent is not the same as a socket that is dead.
 *
 * Events leave a mark once a channel and commit, so that an event costs nothing, and a change is
 * noticed by the next poll.
 *
 * @module
 */
import type { ChannelDefinition } from "../../protocol/channel_set.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { ChannelState } from "../../protocol/v2/server_message.ts";
import type { ChannelStatus } from "../operations.ts";
import type { AppendedEvent, LogObserver } from "../log/event_log.ts";
import type { Clock, RestoredChannel } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";

/** What {@link Freshness} works with. */
export interface FreshnessDeps {
  /** Time. */
  readonly clock: Clock;
  /** The channels as they are now, for their last events. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** Age of the last sign of life at which a declared channel is stale, in ms. */
  readonly maxAgeMillis: (channel: Channel) => number;
  /** Called after each change, once per channel. */
  readonly onChange: (status: ChannelStatus) => void;
}

/** What is known of one channel. */
interface Watch {
  readonly spec: ChannelDefinition;
  readonly maxAgeMillis: number;
  /** Whether somebody promised that it lives. */
  declared: boolean;
  /** Whether there was an event since the latest poll. */
  heard: boolean;
  /** When the last event was accepted, epoch ms; `undefined` when none is known. */
  lastEventAt: number | undefined;
  /** When the last sign of life was noticed, monotonic ms. */
  aliveAt: number;
  state: ChannelState;
}

/**
 * The state of each channel: `fresh` as long as nothing else is known.
 *
 * A channel is declared by a collector's heartbeat that names it, market-data by its events as well.
 * Declarations are not stored: after a restart a channel is declared again by the next heartbeat,
 * and market-data by the events that were restored. Ages are counted from the start then.
 */
export class Freshness implements LogObserver {
  readonly #deps: FreshnessDeps;
  readonly #watches: ReadonlyMap<Channel, Watch>;
  #failingSince: number | undefined;

  /** Starts with every channel fresh. */
  constructor(deps: FreshnessDeps) {
    const { clock, streams, maxAgeMillis } = deps;
    this.#deps = deps;
    this.#watches = new Map([...streams].map(([channel, { log, spec }]) => {
      const declared = spec.maxAge === "market" && log.head > 0;
      const aliveAt = clock.now();
      const maxAge = maxAgeMillis(channel);
      return [channel, {
        spec,
        maxAgeMillis: maxAge,
        declared,
        heard: false,
        lastEventAt: log.get(log.head)?.stored.timestamp,
        aliveAt,
        state: "fresh",
      }];
    }));
  }

  /** {@inheritDoc LogObserver.appended} */
  appended(channel: Channel, events: readonly AppendedEvent[]): void {
    const watch = this.#watches.get(channel)!;
    watch.heard = true;
    watch.lastEventAt = events.at(-1)!.stored.timestamp;
  }

  /** Another sequence says nothing about who lives. */
  restarted(channel: Channel, { events }: RestoredChannel): void {
    this.#watches.get(channel)!.lastEventAt = events.at(-1)?.timestamp;
  }

  /** A collector says that it lives, and that these channels are its own. */
  declare(channels: readonly Channel[]): void {
    const now = this.#deps.clock.now();
    for (const channel of channels) {
      const watch = this.#watches.get(channel)!;
      if (watch.spec.maxAge === "never") continue;
      watch.declared = true;
      watch.aliveAt = now;
      this.#judge(channel, watch, now);
    }
  }

  /** Checks every channel. Called a few times a second. */
  poll(): void {
    const now = this.#deps.clock.now();
    for (const [channel, watch] of this.#watches) {
      if (watch.heard) {
        watch.heard = false;
        watch.aliveAt = now;
        if (watch.spec.maxAge === "market") watch.declared = true;
      }
      this.#judge(channel, watch, now);
    }
  }

  /**
   * Whether the store refuses events: then every channel is degraded. While it did nobody could
   * give a sign of life by an event, so that what was fresh before is given its whole age again.
   */
  degrade(failing: boolean): void {
    const now = this.#deps.clock.now();
    const failingSince = this.#failingSince;
    if (failing) this.#failingSince ??= now;
    else this.#failingSince = undefined;
    for (const [channel, watch] of this.#watches) {
      const { aliveAt, maxAgeMillis } = watch;
      if (!failing && failingSince !== undefined && failingSince - aliveAt < maxAgeMillis) {
        watch.aliveAt = now;
      }
      this.#judge(channel, watch, now);
    }
  }

  /** The state of a channel as of the latest poll. */
  status(channel: Channel): ChannelStatus {
    const { state, lastEventAt } = this.#watches.get(channel)!;
    return { channel, state, lastEventAt };
  }

  /** The state of every channel as of the latest poll. */
  statuses(): readonly ChannelStatus[] {
    return [...this.#watches.keys()].map((channel) => this.status(channel));
  }

  #judge(channel: Channel, watch: Watch, now: number): void {
    const state = this.#stateOf(watch, now);
    if (state === watch.state) return;
    watch.state = state;
    this.#deps.onChange(this.status(channel));
  }

  #stateOf({ declared, aliveAt, maxAgeMillis }: Watch, now: number): ChannelState {
    if (this.#failingSince !== undefined) return "degraded";
    return declared && now - aliveAt >= maxAgeMillis ? "stale" : "fresh";
  }
}
