/**
 * The followers of a log.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { RestoredChannel } from "../ports.ts";
import type { AppendedEvent, LogObserver, LogPlaces } from "./event_log.ts";
import { Follower, type FollowerSource } from "./follower.ts";

/** All followers, in the order in which they were added. */
export class Followers {
  readonly #source: FollowerSource;
  readonly #followers = new Set<Follower>();

  /** Starts without any. */
  constructor(source: FollowerSource) {
    this.#source = source;
  }

  /**
   * Adds an observer, which is handed what it lacks first.
   *
   * @returns Removes it.
   */
  add(observer: LogObserver, from: LogPlaces): () => void {
    const follower = new Follower(this.#source, observer, from);
    this.#followers.add(follower);
    return () => {
      follower.stop();
      this.#followers.delete(follower);
    };
  }

  /** Hands on what was committed, in the order of its numbers. */
  append(events: readonly AppendedEvent[]): void {
    if (this.#followers.size === 0) return;
    for (const [channel, ofChannel] of byChannel(events)) {
      for (const follower of this.#followers) follower.take(channel, ofChannel);
    }
  }

  /** Tells every follower that channels begin anew. */
  restart(states: ReadonlyMap<Channel, RestoredChannel>): void {
    for (const [channel, state] of states) {
      for (const follower of this.#followers) follower.restart(channel, state);
    }
  }
}

function byChannel(
  events: readonly AppendedEvent[],
): Iterable<readonly [Channel, readonly AppendedEvent[]]> {
  const [first] = events;
  if (first === undefined) return [];
  const { channel } = first.stored;
  if (events.every(({ stored }) => stored.channel === channel)) return [[channel, events]];
  const groups = new Map<Channel, AppendedEvent[]>();
  for (const event of events) {
    const group = groups.get(event.stored.channel);
    if (group === undefined) groups.set(event.stored.channel, [event]);
    else group.push(event);
  }
  return groups;
}
