import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeEventV1, spliceV1 } from "../../../protocol/v1/event_frame.ts";
import { encodeEventsFrame, encodeEventV2 } from "../../../protocol/v2/event_frames.ts";
import { encodeFrame, OPCODE } from "../../support/ws_frames.ts";
import { BENCH_EPOCH, marketEvent } from "../micro/event.ts";
import { FrameStream } from "./frame_stream.ts";
import { SequenceCounter } from "./sequence_counter.ts";

const frameV1 = (seq: number) => encodeEventV1(marketEvent(seq), BENCH_EPOCH).text;

function frameV2(from: number, to: number, skipped: number): string {
  const events: string[] = [];
  for (let seq = from + skipped; seq <= to; seq++) events.push(encodeEventV2(marketEvent(seq)));
  const header = { channel: "market-data" as const, from, to, skipped, filtered: 0, replay: false };
  return encodeEventsFrame(header, events.join(","));
}

function count(counter: SequenceCounter, texts: readonly string[]): boolean[] {
  return texts.map((text) => {
    const bytes = new TextEncoder().encode(`<<${text}>>`);
    return counter.take(bytes, 2, bytes.length - 2);
  });
}

Deno.test("v1 frames are counted and followed while their numbers grow", () => {
  const counter = new SequenceCounter("event", 0);
  const numbers = [8, 9, 10, 11, 99_998, 99_999, 100_000];
  count(counter, numbers.map(frameV1));
  assert.equal(counter.events, numbers.length);
  assert.equal(counter.head, 100_000);
  assert.equal(counter.gaps, 1, "from 11 to 99,998");
});

Deno.test("a number is found behind a gap that is told of, and in front of Socket.IO's bracket", () => {
  const spliced = spliceV1(encodeEventV1(marketEvent(7), BENCH_EPOCH), false, 3);
  const counter = new SequenceCounter("event", 0);
  count(counter, [frameV1(6), spliced, frameV1(8)]);
  assert.deepEqual([counter.head, counter.gaps], [8, 0]);
  const socketIo = new SequenceCounter("event", '42["event",'.length);
  count(socketIo, [6, 7, 8].map((seq) => `42["event",${frameV1(seq)}]`));
  assert.deepEqual([socketIo.head, socketIo.events, socketIo.gaps], [8, 3, 0]);
});

Deno.test("a repeated number is a gap as well", () => {
  const counter = new SequenceCounter("event", 0);
  count(counter, [frameV1(6), frameV1(6)]);
  assert.equal(counter.gaps, 1);
});

Deno.test("batches count what they carry and what they declare", () => {
  const counter = new SequenceCounter("batch", 0);
  count(counter, [frameV2(5, 14, 0), frameV2(15, 24, 4), frameV2(26, 26, 0)]);
  assert.deepEqual([counter.frames, counter.events, counter.skipped], [3, 17, 4]);
  assert.deepEqual([counter.head, counter.gaps], [26, 1]);
});

Deno.test("messages of other types are left to the caller", () => {
  const others = ['{"type":"error","meta":{}}', '{"type":"ack"}', "2", '0{"sid":"aaaaaaaaev"}'];
  const counter = new SequenceCounter("event", 0);
  assert.deepEqual(count(counter, others), [false, false, false, false]);
  assert.deepEqual(count(new SequenceCounter("event", 11), others), [false, false, false, false]);
  assert.equal(counter.frames, 0);
});

Deno.test("frames are cut right wherever the bytes are cut, and however small the buffer is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 16, max: 4_096 }),
      (lengths, cuts, bufferBytes) => {
        const seen: number[] = [];
        const pings: number[] = [];
        const stream = new FrameStream({
          text: (_, from, to) => seen.push(to - from),
          ping: (payload) => pings.push(payload[0]!),
          close: () => {},
        }, bufferBytes);
        const frames = lengths.map((length) =>
          encodeFrame({ opcode: OPCODE.text, payload: new Uint8Array(length), mask: null })
        );
        const ping = encodeFrame({ opcode: OPCODE.ping, payload: Uint8Array.of(7), mask: null });
        const bytes = new Uint8Array([...frames, ping].flatMap((frame) => [...frame]));
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const { room } = stream;
          const size = Math.min(cuts[turn % cuts.length]!, room.length, bytes.length - at);
          room.set(bytes.subarray(at, at + size));
          stream.commit(size);
          at += size;
        }
        assert.deepEqual(seen, lengths);
        assert.deepEqual(pings, [7]);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("the event of the bench has about 290 bytes as a v1 frame", () => {
  for (const seq of [1, 100, 100_000]) {
    const { bytes } = encodeEventV1(marketEvent(seq), BENCH_EPOCH);
    assert.ok(bytes >= 280 && bytes <= 300, `${bytes} bytes`);
  }
});
