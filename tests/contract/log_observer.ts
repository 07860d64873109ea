/**
 * An observer of a log that checks what it is told.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { AppendedEvent, EventLog, LogObserver } from "../../actors/log/event_log.ts";
import type { RestoredChannel, StoredEvent } from "../../actors/ports.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";

/** Waits for a condition; at most 10 s. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, "did not come true within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Remembers every event, and refuses holes, repeats and what is not committed yet. */
export class RecordingObserver implements LogObserver {
  /** Where it is in each channel. */
  readonly places: Map<Channel, StreamPosition>;
  /** Every event of each channel since it began anew. */
  readonly events = new Map<Channel, StoredEvent[]>();
  /** The states with which it began anew, in the order in which they came. */
  readonly restarts: (readonly [Channel, RestoredChannel])[] = [];
  readonly #log: EventLog;

  /** Begins at places. */
  constructor(log: EventLog, places: Iterable<readonly [Channel, StreamPosition]>) {
    this.#log = log;
    this.places = new Map(places);
  }

  /** Begins at the head of every channel. */
  static at(log: EventLog): RecordingObserver {
    return new RecordingObserver(log, CHANNELS.map((channel) => [channel, log.head(channel)]));
  }

  /** Begins before the first event of every channel. */
  static atBeginning(log: EventLog): RecordingObserver {
    const places = CHANNELS.map((channel) => {
      return [channel, { epoch: log.head(channel).epoch, seq: 0 }] as const;
    });
    return new RecordingObserver(log, places);
  }

  /** {@inheritDoc LogObserver.appended} */
  appended(channel: Channel, events: readonly AppendedEvent[]): void {
    assert.ok(events.length > 0);
    const place = this.places.get(channel)!;
    const head = this.#log.head(channel);
    assert.equal(place.epoch, head.epoch, "no event comes before the epoch it belongs to");
    let { seq } = place;
    for (const { stored } of events) {
      assert.deepEqual([stored.channel, stored.seq], [channel, seq + 1]);
      assert.ok(stored.seq <= head.seq, "it is committed before it is handed on");
      seq += 1;
      this.#eventsOf(channel).push(stored);
    }
    this.places.set(channel, { epoch: place.epoch, seq });
  }

  /** {@inheritDoc LogObserver.restarted} */
  restarted(channel: Channel, state: RestoredChannel): void {
    const { epoch, seq, events } = state;
    this.restarts.push([channel, state]);
    this.places.set(channel, { epoch, seq });
    this.events.set(channel, []);
    const numbers = events.map((event) => event.seq);
    assert.deepEqual(numbers, numbers.map((_, index) => seq - events.length + 1 + index));
  }

  /** The numbers of a channel that it was told, since it began anew. */
  numbers(channel: Channel): number[] {
    return this.#eventsOf(channel).map(({ seq }) => seq);
  }

  /** Whether it knows every event of a log. */
  isAtHeadOf(log: EventLog): boolean {
    return [...this.places].every(([channel, { epoch, seq }]) => {
      const head = log.head(channel);
      return epoch === head.epoch && seq === head.seq;
    });
  }

  #eventsOf(channel: Channel): StoredEvent[] {
    let events = this.events.get(channel);
    if (events === undefined) this.events.set(channel, events = []);
    return events;
  }
}
