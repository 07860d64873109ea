/**
 * Events as frames: once per event in v1, once per batch in v2.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { encodeEventV1, spliceV1 } from "../../../protocol/v1/event_frame.ts";
import { encodeEventsFrame, encodeEventV2 } from "../../../protocol/v2/event_frames.ts";
import { BENCH_EPOCH, marketEvent, marketEvents } from "./event.ts";

const event = marketEvent(1);
const byteLength = (text: string) => Buffer.byteLength(text);
const encode = () => encodeEventV1(event, BENCH_EPOCH, undefined, byteLength);
const frame = encode();
const ten = marketEvents(10);
const header = {
  channel: event.channel,
  from: 1,
  to: 10,
  skipped: 0,
  filtered: 0,
  replay: false,
};

Deno.bench("v1: encode an event", () => void encode());

Deno.bench("v1: splice a gap into a frame", () => void spliceV1(frame, false, 3));

Deno.bench("v2: encode an event", () => void encodeEventV2(event));

Deno.bench("v2: encode a batch of 10", () => {
  encodeEventsFrame(header, ten.map(encodeEventV2).join(","));
});
