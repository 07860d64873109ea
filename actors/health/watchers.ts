/**
 * Whether anybody sees the alerts: an alert that reaches nobody is as bad as none.
 *
 * @module
 */
import type { Clock } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";

/**
 * How long nobody may watch before it is worth a warning, in ms: a user interface that reconnects
 * or is restarted is back by then.
 */
export const UNWATCHED_GRACE_MILLIS = 30_000;

/** How long nobody has watched, and what nobody saw. */
export interface Absence {
  /** How long so far, in ms. */
  readonly millis: number;
  /** Events that were published meanwhile. */
  readonly unseen: number;
}

/** What {@link Watchers} works with. */
export interface WatchersDeps {
  /** Time. */
  readonly clock: Clock;
  /** The channel that somebody must watch. */
  readonly stream: ChannelStream;
  /** How many do at this moment. */
  readonly countReaders: () => number;
  /** Nobody has watched for the grace period, or an event came while nobody did after it. */
  readonly onUnwatched: (absence: Absence) => void;
  /** Somebody watches again; called only after {@link WatchersDeps.onUnwatched}. */
  readonly onWatched: (absence: Absence) => void;
}

/**
 * Notices that a channel has no subscriber. It is told once when the grace period is over, and then
 * again only when something is published that nobody sees: a quiet night is one warning.
 */
export class Watchers {
  readonly #deps: WatchersDeps;
  /** Since when nobody watches, monotonic ms; `undefined` while somebody does. */
  #unwatchedSince: number | undefined;
  #publishedBefore = 0;
  #publishedReported = 0;
  #reported = false;

  /** Starts with nobody watching, and the whole grace period. */
  constructor(deps: WatchersDeps) {
    this.#deps = deps;
    this.#leave();
  }

  /** Checks for subscribers. Called a few times a second. */
  poll(): void {
    const { clock, stream, countReaders, onUnwatched, onWatched } = this.#deps;
    const watched = countReaders() > 0;
    if (this.#unwatchedSince === undefined) {
      if (!watched) this.#leave();
      return;
    }
    const { published } = stream;
    const millis = clock.now() - this.#unwatchedSince;
    const absence = { millis, unseen: published - this.#publishedBefore };
    if (watched) {
      this.#unwatchedSince = undefined;
      if (this.#reported) onWatched(absence);
    } else if (
      millis >= UNWATCHED_GRACE_MILLIS && !(this.#reported && published === this.#publishedReported)
    ) {
      this.#reported = true;
      this.#publishedReported = published;
      onUnwatched(absence);
    }
  }

  #leave(): void {
    this.#unwatchedSince = this.#deps.clock.now();
    this.#publishedBefore = this.#deps.stream.published;
    this.#reported = false;
  }
}
