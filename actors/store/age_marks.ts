/**
 * The age of the events of this process, derived from when their numbers were first seen.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { OwnAge, Store } from "../ports.ts";
import type { SteadyTime } from "../steady_time.ts";

/** Marks within the age of retention: events are kept for at most so much of it longer. */
const MARKS = 256;

/** The heads of all channels at a time. */
interface Mark {
  readonly at: number;
  readonly heads: ReadonlyMap<Channel, number>;
}

/** Notes the heads of a store from time to time. No date is read, so that no clock that is set counts. */
export class AgeMarks {
  readonly #store: Store;
  readonly #millis: number;
  readonly #first: ReadonlyMap<Channel, number>;
  readonly #past: SteadyTime;
  readonly #marks: Mark[] = [];
  #aged: Mark | undefined;

  /**
   * Begins: what is in the store now is of earlier processes.
   *
   * @param millis Age of retention.
   * @param past The time by which events of earlier processes are judged.
   */
  constructor(store: Store, millis: number, past: SteadyTime) {
    this.#past = past;
    this.#store = store;
    this.#millis = millis;
    const { names } = store.channels;
    this.#first = new Map(names.map((channel) => [channel, store.head(channel).seq + 1]));
  }

  /**
   * Notes the heads when it is time, and says what is past the age.
   *
   * @param now Monotonic ms.
   */
  update(now: number): ReadonlyMap<Channel, OwnAge> {
    const last = this.#marks.at(-1);
    const { names } = this.#store.channels;
    if (last === undefined || now - last.at >= this.#millis / MARKS) {
      const heads = new Map(names.map((channel) => [channel, this.#store.head(channel).seq]));
      this.#marks.push({ at: now, heads });
    }
    while (this.#marks.length > 0 && now - this.#marks[0]!.at > this.#millis) {
      this.#aged = this.#marks.shift();
    }
    return new Map(names.map((channel) => {
      const aged = this.#aged?.heads.get(channel) ?? 0;
      return [channel, { first: this.#first.get(channel)!, aged, epochMillis: this.#past.now() }];
    }));
  }
}
