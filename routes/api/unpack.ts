/**
 * Unpacks gzip, bounded while it is unpacked: 1 KiB may stand for a megabyte.
 *
 * @module
 */
import type { Clock } from "../../actors/ports.ts";

/** Packed bytes that are unpacked at a time: about 512 KiB at most come out of them. */
const SLICE_BYTES = 512;

/** Longest time without a pause, in ms. */
const TURN_MILLIS = 4;

/** What came out, or why nothing did. */
export type UnpackResult =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly fault: "too_large" | "no_room" | "damaged" };

/**
 * Unpacks one gzip member. Never rejects.
 *
 * @param maxBytes Most bytes that may come out.
 * @param take Makes room for so many bytes in all; `false` when there is none.
 */
export async function unpackGzip(
  packed: Uint8Array<ArrayBuffer>,
  maxBytes: number,
  clock: Clock,
  take: (size: number) => boolean,
): Promise<UnpackResult> {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const writing = feed(writer, packed, clock);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      size += chunk.value.length;
      const fault = size > maxBytes ? "too_large" : take(size) ? undefined : "no_room";
      if (fault !== undefined) {
        await reader.cancel();
        await writing;
        return { ok: false, fault };
      }
      chunks.push(chunk.value);
    }
    await writing;
    return { ok: true, bytes: join(chunks, size) };
  } catch {
    await writing;
    return { ok: false, fault: "damaged" };
  }
}

/** Never rejects: what is wrong with the bytes is seen by who reads. */
async function feed(
  writer: WritableStreamDefaultWriter<BufferSource>,
  packed: Uint8Array<ArrayBuffer>,
  clock: Clock,
): Promise<void> {
  try {
    let pausedAt = clock.now();
    for (let at = 0; at < packed.length; at += SLICE_BYTES) {
      await writer.write(packed.subarray(at, at + SLICE_BYTES));
      if (clock.now() - pausedAt < TURN_MILLIS) continue;
      await new Promise<void>((resume) => clock.defer(resume));
      pausedAt = clock.now();
    }
    await writer.close();
  } catch {
    // The reader was cancelled, or the bytes are not gzip.
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
