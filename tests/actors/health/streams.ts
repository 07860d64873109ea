/**
 * Channels without a log, for the tests of what only looks at them.
 *
 * @module
 */
import type { LogObserver } from "../../../actors/log/event_log.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../../protocol/channels.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

/** One stream per channel, each empty. */
export class Streams extends Map<Channel, ChannelStream> {
  constructor() {
    super(CHANNELS.map((channel) => {
      return [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), "e1", 0, 16)];
    }));
  }

  /** Who follows beside the streams. */
  observer: Pick<LogObserver, "appended"> | undefined;

  /** Appends the next event of a channel. */
  append(channel: Channel): void {
    const stream = this.get(channel)!;
    const stored = storedEvent(channel, stream.log.head + 1, "k");
    stream.append({ stored }, 0);
    this.observer?.appended(channel, [{ stored }]);
  }

  /** Readers of each channel. */
  readonly readers = new Map<Channel, number>();

  /** Adds a reader to a channel; what is returned takes it away. */
  join(channel: Channel): () => void {
    const add = (count: number) =>
      this.readers.set(channel, (this.readers.get(channel) ?? 0) + count);
    add(1);
    return () => void add(-1);
  }
}
