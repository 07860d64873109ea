/**
 * Events as v1 frames, serialised once when they enter the log.
 *
 * A frame is kept in its live form. Replays and first-after-a-gap deliveries differ by a few
 * characters that are spliced in when they are sent, so that the common path sends the one string.
 *
 * @module
 */
import type { Channel, ChannelSpec } from "../channels.ts";

/** What a frame says of an event. */
export interface EventV1 {
  /** The channel it belongs to. */
  readonly channel: Channel;
  /** Its number. */
  readonly seq: number;
  /** Whether it ends its key. */
  readonly ends?: "closed" | "removed";
  /** Time of acceptance, epoch ms. */
  readonly timestamp: number;
  /** The ISO time of the payload. */
  readonly time: string;
  /** The outgoing `data`, as JSON. */
  readonly data: string;
}

/** An event in its v1 form. */
export interface FrameV1 {
  /** The live frame; empty for events that v1 cannot express (removals). */
  readonly text: string;
  /** Length of {@link FrameV1.text} in bytes of UTF-8. */
  readonly bytes: number;
  /** Where `"replay":true` goes, in characters. */
  readonly replayAt: number;
  /** Where `"skipped"` goes, in characters. */
  readonly skippedAt: number;
}

/** The form of an event that v1 clients never see; its number still counts. */
const UNSEEN: FrameV1 = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };

/** Most bytes that splicing adds to a frame: `,"replay":true` and `,"skipped":"<16 digits>"`. */
export const MAX_SPLICE_BYTES = 14 + 29;

/** The name of the field of a payload that carries its time. */
export type TimeKey = ChannelSpec["timeKey"];

/** The time field that frames of a channel carry in `meta`, if they do. */
export function timeInMetaOf({ timeInMetaV1, timeKey }: ChannelSpec): TimeKey | undefined {
  return timeInMetaV1 ? timeKey : undefined;
}

/**
 * Serialises an event. Keys stand in the order that deployed clients rely on: `channel` before
 * `data`.
 *
 * @param timeInMeta The time field that stands in `meta` and not in `data`, where the deployed decoder
 *   of the payload rejects it.
 * @param byteLength The length of a text in bytes of UTF-8.
 */
export function encodeEventV1(
  event: EventV1,
  epoch: string,
  timeInMeta?: TimeKey,
  byteLength: (text: string) => number = utf8Length,
): FrameV1 {
  if (event.ends === "removed") return UNSEEN;
  const time = timeInMeta === undefined ? "" : `,"${timeInMeta}":${JSON.stringify(event.time)}`;
  const data = timeInMeta === undefined ? event.data : withoutTime(event.data, timeInMeta, time);
  const head = `{"type":"event","channel":"${event.channel}","data":${data}`;
  const meta = `,"meta":{"seq":"${event.seq}","epoch":"${epoch}"${time}`;
  const text = `${head}${meta}},"timestamp":${event.timestamp}}`;
  return {
    text,
    bytes: byteLength(text),
    replayAt: head.length,
    skippedAt: head.length + meta.length,
  };
}

/**
 * The payload without its time. The last two keys of `data` are its time and `timestamp`, so that it
 * is cut out where it must be; only what was stored otherwise is parsed.
 */
function withoutTime(data: string, timeKey: TimeKey, time: string): string {
  const end = data.lastIndexOf(',"timestamp":');
  if (data.startsWith(time, end - time.length)) {
    return data.slice(0, end - time.length) + data.slice(end);
  }
  if (!data.includes(`"${timeKey}":`)) return data;
  const { [timeKey]: _time, ...rest } = JSON.parse(data) as Record<string, unknown>;
  return JSON.stringify(rest);
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * The frame with what distinguishes this delivery from the live one.
 *
 * @param replay Whether the event is replayed.
 * @param skipped Events of the channel skipped since the previous delivery; 0 adds nothing.
 */
export function spliceV1(frame: FrameV1, replay: boolean, skipped: number): string {
  const { text, replayAt, skippedAt } = frame;
  const mark = replay ? ',"replay":true' : "";
  const gap = skipped > 0 ? `,"skipped":"${skipped}"` : "";
  return text.slice(0, replayAt) + mark + text.slice(replayAt, skippedAt) + gap +
    text.slice(skippedAt);
}
