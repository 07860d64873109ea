/**
 * Batches and snapshots as v2 frames. The payload was serialised when the event was accepted; a frame
 * joins payloads, and is shared by every connection that is at the same place.
 *
 * @module
 */
import type { Channel } from "../channels.ts";

/** What an `events` frame says beside its events. */
export interface EventsFrameHeader {
  /** The channel. */
  readonly channel: Channel;
  /** The first number that it accounts for. */
  readonly from: number;
  /** The last number that it accounts for. */
  readonly to: number;
  /** Numbers that were conflated or shed. */
  readonly skipped: number;
  /** Numbers that the filter excluded. */
  readonly filtered: number;
  /** Whether it is what the client missed before it came. */
  readonly replay: boolean;
}

/** What a frame says of an event. */
export interface EventV2 {
  /** Its number. */
  readonly seq: number;
  /** Time of acceptance, epoch ms. */
  readonly timestamp: number;
  /** The outgoing `data`, as JSON. */
  readonly data: string;
}

/** An event inside a frame. */
export function encodeEventV2({ seq, timestamp, data }: EventV2): string {
  return `{"seq":${seq},"timestamp":${timestamp},"data":${data}}`;
}

/**
 * An `events` frame.
 *
 * @param events Results of {@link encodeEventV2}, joined by commas.
 */
export function encodeEventsFrame(header: EventsFrameHeader, events: string): string {
  const { channel, from, to, skipped, filtered, replay } = header;
  return `{"type":"events","channel":"${channel}","from":${from},"to":${to},` +
    `"skipped":${skipped},"filtered":${filtered},"replay":${replay},"events":[${events}]}`;
}

/**
 * One part of a snapshot.
 *
 * @param events Results of {@link encodeEventV2}, joined by commas.
 */
export function encodeSnapshot(
  channel: Channel,
  epoch: string,
  seq: number,
  events: string,
  last: boolean,
): string {
  return `{"type":"snapshot","channel":"${channel}","epoch":"${epoch}","seq":${seq},` +
    `"events":[${events}],"last":${last}}`;
}
