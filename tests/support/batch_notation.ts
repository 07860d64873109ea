/**
 * v2 frames in short, each held to the schema, which checks that ranges are accounted for.
 *
 * @module
 */
import { ServerMessageV2 } from "../../protocol/v2/server_message.ts";
import type { Reader } from "./stream_fixture.ts";

/**
 * Frames in short:
 *
 * - `1-5: 2 5 s2 f1` is a batch of the numbers 1 to 5 with two events, two skipped and one filtered;
 *   `r` stands before a replayed one.
 * - `S7: 2 7` is a snapshot at number 7; `…` stands at the end of a part that is not the last.
 * - Anything else is its type.
 */
export function shortBatches(frames: readonly string[]): string[] {
  return frames.map((frame) => {
    const message = ServerMessageV2.parse(JSON.parse(frame));
    if (message.type !== "events" && message.type !== "snapshot") return message.type;
    const words = message.events.map(({ seq }) => String(seq));
    if (message.type === "snapshot") {
      return [`S${message.seq}:`, ...words, ...(message.last ? [] : ["…"])].join(" ");
    }
    const { from, to, skipped, filtered, replay } = message;
    if (skipped > 0) words.push(`s${skipped}`);
    if (filtered > 0) words.push(`f${filtered}`);
    return [`${replay ? "r" : ""}${from}-${to}:`, ...words].join(" ");
  });
}

/** What a v2 reader was sent since the last look, in short. */
export const batchesOf = ({ socket }: Reader): string[] => shortBatches(socket.take());
