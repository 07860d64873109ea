/**
 * Whether the latest states of a channel have room for what a turn is about to store.
 *
 * Far from the bounds, which is where channels are, two additions decide. Near them the turn's
 * states are worked out key by key.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { Fault, Submission } from "../../protocol/publish.ts";
import { PublishError } from "../operations.ts";
import type { StoredEvent } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { type LatestStates, MAX_KEYS, MAX_STATE_BYTES } from "../stream/latest_states.ts";
import { memoryOf } from "../stream/logged_event.ts";
import type { AppendedEvent } from "./event_log.ts";

/** What counts of an event or a draft. */
type State = Pick<StoredEvent, "key" | "ends" | "data">;

/** How much the states of a channel are. */
interface Totals {
  readonly keys: number;
  readonly bytes: number;
}

/** The states of a channel as a turn leaves them. */
class StagedStates {
  readonly #latest: LatestStates;
  /** Bytes of each key that the turn changes; `undefined` for a key that it ends. */
  readonly #changed = new Map<string, number | undefined>();
  keys: number;
  bytes: number;

  constructor(latest: LatestStates) {
    this.#latest = latest;
    this.keys = latest.size;
    this.bytes = latest.bytes;
  }

  /** Applies a state, and returns how to take it back. */
  put({ key, ends, data }: State): () => void {
    const { keys, bytes } = this;
    const had = this.#changed.has(key);
    const staged = this.#changed.get(key);
    const before = had ? staged : this.#latest.has(key) ? this.#latest.bytesOf(key) : undefined;
    const after = ends === undefined ? memoryOf(data) : undefined;
    this.keys += Number(after !== undefined) - Number(before !== undefined);
    this.bytes += (after ?? 0) - (before ?? 0);
    this.#changed.set(key, after);
    return () => {
      this.keys = keys;
      this.bytes = bytes;
      if (had) this.#changed.set(key, staged);
      else this.#changed.delete(key);
    };
  }
}

/** The room of all channels during one turn. */
export class StateRoom {
  readonly #streams: ReadonlyMap<Channel, ChannelStream>;
  /** What the turn has stored so far. */
  readonly #events: readonly AppendedEvent[];
  /** Most keys and bytes that the turn has added so far, per channel. */
  readonly #added = new Map<Channel, { keys: number; bytes: number }>();
  readonly #staged = new Map<Channel, StagedStates>();
  readonly #maxBytes: number;

  /**
   * Begins with the states as they are.
   *
   * @param events The events of the turn, which grow with each request that is accepted.
   * @param maxBytes Most bytes of the live states of a channel.
   */
  constructor(
    streams: ReadonlyMap<Channel, ChannelStream>,
    events: readonly AppendedEvent[],
    maxBytes: number = MAX_STATE_BYTES,
  ) {
    this.#maxBytes = maxBytes;
    this.#streams = streams;
    this.#events = events;
  }

  /**
   * Takes the room for a request, whole or not at all.
   *
   * @param isDuplicate Whether the submission of an index is a repetition, which stores nothing.
   * @throws {PublishError} `SNAPSHOT_FULL` when the snapshot would hold too many keys or bytes and
   *   the request adds to them.
   */
  take(submissions: readonly Submission[], isDuplicate: (index: number) => boolean): void {
    if (this.#isAmple(submissions)) return;
    const taken: (() => void)[] = [];
    for (const [index, { draft }] of submissions.entries()) {
      const staged = this.#stagedOf(draft.channel);
      if (staged === undefined || isDuplicate(index)) continue;
      const { keys, bytes } = staged;
      taken.push(staged.put(draft));
      const fault = this.#faultOf(draft.channel, index, { keys, bytes }, staged);
      if (fault === undefined) continue;
      for (const takeBack of taken.reverse()) takeBack(); // A refused request takes no room.
      throw new PublishError("SNAPSHOT_FULL", fault.message, [fault]);
    }
  }

  /** Whether there is room even if every state is a new key, and each character takes two bytes. */
  #isAmple(submissions: readonly Submission[]): boolean {
    let isAmple = true;
    for (const { draft: { channel, data } } of submissions) {
      const { latest } = this.#streams.get(channel)!;
      if (latest === undefined) continue;
      let added = this.#added.get(channel);
      if (added === undefined) this.#added.set(channel, added = { keys: 0, bytes: 0 });
      added.keys += 1;
      added.bytes += data.length * 2;
      isAmple &&= !this.#staged.has(channel) && latest.size + added.keys <= MAX_KEYS &&
        latest.bytes + added.bytes <= this.#maxBytes;
    }
    return isAmple;
  }

  #stagedOf(channel: Channel): StagedStates | undefined {
    const { latest } = this.#streams.get(channel)!;
    if (latest === undefined) return undefined;
    let staged = this.#staged.get(channel);
    if (staged === undefined) {
      this.#staged.set(channel, staged = new StagedStates(latest));
      for (const { stored } of this.#events) {
        if (stored.channel === channel) staged.put(stored);
      }
    }
    return staged;
  }

  /** What is wrong after a state was put, if a bound is exceeded and the state added to it. */
  #faultOf(channel: Channel, index: number, before: Totals, after: Totals): Fault | undefined {
    if (after.keys > MAX_KEYS && after.keys > before.keys) {
      const message = `${channel} has ${MAX_KEYS} keys already; remove some first`;
      return { path: `events[${index}].data.id`, message };
    }
    if (after.bytes > this.#maxBytes && after.bytes > before.bytes) {
      const message = `the latest states of ${channel} would take more than ` +
        `${this.#maxBytes / 1_048_576} MiB; remove some keys first, or send smaller states`;
      return { path: `events[${index}].data`, message };
    }
    return undefined;
  }
}
