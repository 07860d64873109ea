/**
 * How a cursor is served: replayed, in order, or conflated. Each function sends what it may and
 * says why it stopped; the caller decides what follows.
 *
 * @module
 */
import type { ShedReason } from "../operations.ts";
import type { LoggedEvent } from "./channel_log.ts";
import type { Cursor } from "./cursor.ts";
import { MAX_SPLICE_BYTES, spliceV1 } from "./encoder_v1.ts";
import { HARD_CAP_BYTES, HIGH_WATER_BYTES } from "./subscriber.ts";

/**
 * Why a cursor stopped.
 *
 * - `current`: it reached the head.
 * - `full`: the socket's buffer is over the mark.
 * - `empty`: the bucket has no token.
 * - `behind`: the next event is no longer in the ring.
 */
export type Outcome = "current" | "full" | "empty" | "behind";

/** Sends what is left of a replay; `current` means that live events may follow. */
export function serveReplay(cursor: Cursor): Outcome {
  const { replay } = cursor;
  while (cursor.replayed < replay.length) {
    const event = replay[cursor.replayed]!;
    if (isFull(cursor, event)) return "full";
    deliver(cursor, event, true);
    cursor.replayed += 1;
  }
  cursor.replay = [];
  cursor.replayed = 0;
  return "current";
}

/** Sends every event of a lossless channel, up to the hard cap, unmetered. */
export function serveLossless(cursor: Cursor): Outcome {
  const { log } = cursor.stream;
  while (cursor.next <= log.head) {
    const event = log.get(cursor.next);
    if (event === undefined) return "behind";
    if (exceedsHardCap(cursor, event)) return "full";
    deliver(cursor, event, false);
    cursor.next += 1;
  }
  return "current";
}

/** Sends every event of a keyed or sampled channel while there are tokens and room. */
export function serveInOrder(cursor: Cursor, now: number): Outcome {
  const { log } = cursor.stream;
  const { bucket } = cursor.subscriber;
  while (cursor.next <= log.head) {
    const event = log.get(cursor.next);
    if (event === undefined) return "behind";
    if (event.v1.bytes === 0) {
      cursor.skipped += 1;
    } else {
      if (isFull(cursor, event)) return "full";
      if (!bucket.take(now)) return "empty";
      deliver(cursor, event, false);
    }
    cursor.next += 1;
  }
  return "current";
}

/**
 * Sends the latest state of each key after the cursor while there are tokens and room, and counts
 * what that skips.
 *
 * @param reason What the shed events are counted under.
 */
export function serveConflated(cursor: Cursor, now: number, reason: ShedReason): Outcome {
  const { log, latest } = cursor.stream;
  const { bucket } = cursor.subscriber;
  for (let state = latest!.after(cursor.next - 1); state !== undefined; state = state.next) {
    const { event } = state;
    const visible = event.v1.bytes > 0;
    if (visible && isFull(cursor, event)) return "full";
    if (visible && !bucket.take(now)) return "empty";
    shed(cursor, event.seq - cursor.next, reason);
    if (visible) deliver(cursor, event, false);
    else cursor.skipped += 1;
    cursor.next = event.seq + 1;
  }
  // Numbers above the last state belonged to keys whose tombstones are gone.
  shed(cursor, log.head + 1 - cursor.next, reason);
  cursor.next = log.head + 1;
  return "current";
}

/**
 * Whether a metered lane waits. An event may cross the mark, so that a peer which stops reading is
 * seen to stay above it.
 */
function isFull(cursor: Cursor, event: LoggedEvent): boolean {
  return cursor.subscriber.buffered >= HIGH_WATER_BYTES || exceedsHardCap(cursor, event);
}

function exceedsHardCap(cursor: Cursor, event: LoggedEvent): boolean {
  return cursor.subscriber.buffered + event.v1.bytes + MAX_SPLICE_BYTES > HARD_CAP_BYTES;
}

function deliver(cursor: Cursor, event: LoggedEvent, replay: boolean): void {
  const { subscriber, stream, skipped } = cursor;
  const { text, bytes } = event.v1;
  if (!replay && skipped === 0) {
    subscriber.send(text, bytes);
  } else {
    const spliced = spliceV1(event.v1, replay, replay ? 0 : skipped);
    // What is spliced in is ASCII, so that characters are bytes.
    subscriber.send(spliced, bytes + spliced.length - text.length);
    if (!replay) cursor.skipped = 0;
  }
  subscriber.eventsSent += 1;
  stream.sent += 1;
}

function shed(cursor: Cursor, count: number, reason: ShedReason): void {
  if (count <= 0) return;
  cursor.skipped += count;
  cursor.subscriber.eventsSkipped += count;
  cursor.stream.shed[reason] += count;
}
