/**
 * A v2 cursor that tests of cursors move by hand.
 *
 * @module
 */
import type { CursorV2 } from "../../../actors/stream/cursor_v2.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { batchesOf } from "../../support/batch_notation.ts";
import {
  type Asked,
  EPOCH,
  type EventOptions,
  type Reader,
  StreamFixture,
} from "../../support/stream_fixture.ts";

/** How the reader subscribes, and what it comes to. */
export interface LaneOptions extends Asked {
  readonly rate?: number;
  readonly ring?: number;
  /** Published before the reader comes. */
  readonly before?: string;
}

/** A v2 reader of one channel, whose cursor is moved by hand. */
export class Lane {
  readonly fixture: StreamFixture;
  readonly reader: Reader;
  readonly cursor: CursorV2;
  readonly #channel: Channel;

  constructor(channel: Channel, options: LaneOptions = {}) {
    const { rate = 0, ring = 1_000, before = "", ...asked } = options;
    this.#channel = channel;
    this.fixture = new StreamFixture(ring);
    this.reader = this.fixture.reader({ rate });
    this.append(before);
    this.fixture.clock.turns();
    const { subscriber } = this.reader;
    const defaults = { channel, snapshot: false, intervalMs: 0, conflate: false };
    this.fixture.subscribe(subscriber, { ...defaults, ...asked });
    this.cursor = this.fixture.batches(this.reader, channel);
  }

  /** Publishes one event per letter, which is its symbol, too. The fan-out does not get a turn. */
  append(keys: string, options: EventOptions = {}): void {
    for (const key of keys) {
      this.fixture.append(this.#channel, key, { fields: { symbol: key }, ...options });
    }
  }

  /** Pretends that so many bytes were buffered at the start of the slice. */
  buffer(bytes: number): void {
    this.reader.subscriber.buffered = bytes;
  }

  /** What was sent since the last look. */
  sent(): string[] {
    return batchesOf(this.reader);
  }

  shed(): Readonly<Record<string, number>> {
    const { shed, conflated } = this.fixture.stream(this.#channel);
    return { ...shed, conflated };
  }
}

/** A place that a client has reached. */
export const since = (seq: number) => ({ epoch: EPOCH, seq });
