/**
 * Which channels are alive: a collector that went silent is not the same as a socket that is dead.
 *
 * Events leave no mark here. A look compares the number of the last event with the one it saw
 * before, so that an event costs nothing, and a change is noticed a look later.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { ChannelState } from "../../protocol/v2/server_message.ts";
import type { ChannelStatus } from "../operations.ts";
import type { Clock } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";

/** What {@link Freshness} works with. */
export interface FreshnessDeps {
  /** Time. */
  readonly clock: Clock;
  /** The channels, for their last events. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** Age of the last sign of life at which a declared channel is stale, in ms. */
  readonly maxAgeMillis: (channel: Channel) => number;
  /** Called after each change, once per channel. */
  readonly onChange: (status: ChannelStatus) => void;
}

/** What is known of one channel. */
interface Watch {
  readonly stream: ChannelStream;
  readonly maxAgeMillis: number;
  /** Whether somebody promised that it lives. */
  declared: boolean;
  /** The last number at the latest look. */
  head: number;
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
export class Freshness {
  readonly #deps: FreshnessDeps;
  readonly #watches: ReadonlyMap<Channel, Watch>;
  #failingSince: number | undefined;

  /** Starts with every channel fresh. */
  constructor(deps: FreshnessDeps) {
    const { clock, streams, maxAgeMillis } = deps;
    this.#deps = deps;
    this.#watches = new Map([...streams].map(([channel, stream]) => {
      const { head } = stream.log;
      const declared = stream.spec.maxAge === "market" && head > 0;
      const aliveAt = clock.now();
      const maxAge = maxAgeMillis(channel);
      return [channel, {
        stream,
        maxAgeMillis: maxAge,
        declared,
        head,
        aliveAt,
        state: "fresh",
      }];
    }));
  }

  /** A collector says that it lives, and that these channels are its own. */
  declare(channels: readonly Channel[]): void {
    const now = this.#deps.clock.now();
    for (const channel of channels) {
      const watch = this.#watches.get(channel)!;
      if (watch.stream.spec.maxAge === "never") continue;
      watch.declared = true;
      watch.aliveAt = now;
      this.#judge(channel, watch, now);
    }
  }

  /** Looks at every channel. Called a few times a second. */
  look(): void {
    const now = this.#deps.clock.now();
    for (const [channel, watch] of this.#watches) {
      const { head } = watch.stream.log;
      if (head !== watch.head) {
        watch.head = head;
        watch.aliveAt = now;
        if (watch.stream.spec.maxAge === "market") watch.declared = true;
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

  /** The state of a channel as of the latest look. */
  status(channel: Channel): ChannelStatus {
    const { state, stream: { log } } = this.#watches.get(channel)!;
    return { channel, state, lastEventAt: log.get(log.head)?.stored.timestamp };
  }

  /** The state of every channel as of the latest look. */
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
