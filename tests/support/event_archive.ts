/**
 * A store that only reads: it remembers every event of a test, and answers when and how the test
 * says.
 *
 * @module
 */
import type { StoredEvent } from "../../actors/ports.ts";
import type { EventReader } from "../../actors/stream/backlog_reader.ts";
import type { Channel } from "../../protocol/channels.ts";

/** One call of {@link EventArchive.read}. */
export interface ArchiveRead {
  readonly channel: Channel;
  readonly afterSeq: number;
  readonly limit: number;
}

/** See the module. */
export class EventArchive implements EventReader {
  /** Whether reads reject. */
  failing = false;
  /** Number of an event that is damaged: no page begins with it, and none goes beyond it. */
  damaged: number | undefined;
  /** Every read in order, those that failed included. */
  readonly reads: ArchiveRead[] = [];
  readonly #events = new Map<Channel, StoredEvent[]>();
  readonly #forgotten = new Map<Channel, number>();
  #gate: PromiseWithResolvers<void> | undefined;

  /** Remembers the next event of its channel. */
  keep(event: StoredEvent): void {
    const events = this.#events.get(event.channel);
    if (events === undefined) this.#events.set(event.channel, [event]);
    else events.push(event);
  }

  /** Retention passes: events up to a number can be read no more. */
  forget(channel: Channel, upTo: number): void {
    this.#forgotten.set(channel, Math.max(upTo, this.#forgotten.get(channel) ?? 0));
  }

  /** From now on reads wait for {@link EventArchive.release}. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  /** Answers the reads that wait. */
  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** {@inheritDoc EventReader.oldest} */
  oldest(channel: Channel): number {
    return (this.#forgotten.get(channel) ?? 0) + 1;
  }

  /** {@inheritDoc EventReader.read} */
  async read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined> {
    this.reads.push({ channel, afterSeq, limit });
    await this.#gate?.promise;
    if (this.failing) throw new Error("the disk is gone");
    if (this.damaged === afterSeq + 1) {
      throw Object.assign(new Error("damaged"), { code: "damaged" });
    }
    if (afterSeq + 1 < this.oldest(channel)) return undefined;
    const end = Math.min(afterSeq + limit, (this.damaged ?? Infinity) - 1);
    return this.#events.get(channel)?.slice(afterSeq, end) ?? [];
  }

  /** The reads since the last call, as the first and the last number asked for. */
  take(): string[] {
    return this.reads.splice(0).map(({ afterSeq, limit }) => `${afterSeq + 1}-${afterSeq + limit}`);
  }
}
