/**
 * The event of the micro benches: a price, as large as those of the whole-system bench.
 *
 * @module
 */
import type { StoredEvent } from "../../../actors/ports.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { draftEvent } from "../../../protocol/events/mod.ts";
import { eventLine } from "../client/market_events.ts";

/** The epoch of the micro benches; as long as real ones. */
export const BENCH_EPOCH = "1dc725ae98f7";

const MARKET_DATA = PRODUCT_CHANNELS.get("market-data");

/** The event of a number, as the collector stores it. */
export function marketEvent(seq: number): StoredEvent {
  const { data } = JSON.parse(eventLine(seq));
  return { ...draftEvent(MARKET_DATA, data, seq).draft, seq, timestamp: 1_769_860_800_000 + seq };
}

/** Events 1 to `count`. */
export function marketEvents(count: number): StoredEvent[] {
  return Array.from({ length: count }, (_, index) => marketEvent(index + 1));
}
