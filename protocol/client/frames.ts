/**
 * Whether frames are what the protocol promises. What comes from the network is not trusted: a proxy
 * or a faulty gateway may leave out, repeat or garble.
 *
 * @module
 */
import type { StreamPosition } from "./errors.ts";
import type { EventsFrame, SnapshotPart, WireEvent } from "./wire_types.ts";

/**
 * What can be wrong: numbers between two frames are missing (`hole`), came before (`repeat`), or a
 * frame does not account for its range (`bad_sum`), or is not of the form of one (`malformed`).
 */
export type FrameFault = "hole" | "repeat" | "bad_sum" | "malformed";

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;

/** What is wrong with a frame by itself; `undefined` when it accounts for every number. */
export function frameFault(frame: EventsFrame): "bad_sum" | "malformed" | undefined {
  const { from, to, skipped, filtered, events } = frame;
  if (![from, to, skipped, filtered].every(isCount) || !Array.isArray(events)) return "malformed";
  if (events.length + skipped + filtered !== to - from + 1) return "bad_sum";
  return eventsFault(events, from, to);
}

/** What is wrong with a part of a snapshot. */
export function partFault({ epoch, seq, events }: SnapshotPart): "malformed" | undefined {
  if (typeof epoch !== "string" || !isCount(seq) || !Array.isArray(events)) return "malformed";
  return eventsFault(events, 0, seq) && "malformed";
}

/** Numbers ascend within the range, and every event has an id. */
function eventsFault(events: readonly WireEvent[], from: number, to: number) {
  let before = from - 1;
  for (const event of events) {
    if (typeof event?.data?.id !== "string" || !isCount(event.seq)) return "malformed";
    if (event.seq <= before || event.seq > to) return "bad_sum";
    before = event.seq;
  }
  return undefined;
}

/** How a sound frame fits behind a place. */
export function orderFault({ seq }: StreamPosition, { from }: EventsFrame): FrameFault | undefined {
  if (from === seq + 1) return undefined;
  return from > seq ? "hole" : "repeat";
}
