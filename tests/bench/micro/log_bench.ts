/**
 * The ring of a channel and what stands beside it.
 *
 * @module
 */
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { ChannelLog } from "../../../actors/stream/channel_log.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { BENCH_EPOCH, marketEvents } from "./event.ts";

/** The default of `telemetry.ringCapacity`. */
const CAPACITY = 4_096;

const events = marketEvents(100);

/** Appends to a full ring, again and again; numbers go on. */
function appender(append: (event: (typeof events)[number]) => void): () => void {
  let seq = 0;
  const next = () => append({ ...events[seq % events.length]!, seq: ++seq });
  for (let index = 0; index < CAPACITY; index++) next();
  return next;
}

const log = new ChannelLog(BENCH_EPOCH, 0, CAPACITY);
Deno.bench("append to a full ring, encoding for v1", appender((event) => log.append(event)));

const stream = ChannelStream.begin(PRODUCT_CHANNELS.get("market-data"), BENCH_EPOCH, 0, CAPACITY);
Deno.bench("the same with the latest states", appender((stored) => stream.append({ stored }, 0)));

Deno.bench("read an event of the ring", () => void log.get(log.head - 100));
