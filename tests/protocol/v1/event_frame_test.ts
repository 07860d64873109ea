import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { StoredEvent } from "../../../actors/ports.ts";
import {
  encodeEventV1,
  type FrameV1,
  MAX_SPLICE_BYTES,
  spliceV1,
  timeInMetaOf,
} from "../../../protocol/v1/event_frame.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../../protocol/channels.ts";
import { anyText } from "../../support/any_text.ts";

const TIME = "2026-01-31T12:34:56.789Z";
const STAMP = Date.parse(TIME);

function stored(channel: Channel, data: string, fields: Partial<StoredEvent> = {}): StoredEvent {
  return { channel, seq: 7, key: "k", timestamp: 1_800_000_000_000, time: TIME, data, ...fields };
}

function encode(event: StoredEvent, epoch: string): FrameV1 {
  return encodeEventV1(event, epoch, timeInMetaOf(PRODUCT_CHANNELS.get(event.channel)));
}

/** The bytes of a live frame of epoch `e1`, written by hand for each channel. */
const EXACT: Readonly<Record<Channel, readonly [data: string, frame: string]>> = {
  "risk-alerts": [
    `{"id":"a","severity":"INFO","message":"m","violations":[],"status":"ACTIVE","createdAt":"${TIME}","timestamp":${STAMP}}`,
    `{"type":"event","channel":"risk-alerts","data":{"id":"a","severity":"INFO","message":"m","violations":[],"status":"ACTIVE","createdAt":"${TIME}","timestamp":${STAMP}},"meta":{"seq":"7","epoch":"e1"},"timestamp":1800000000000}`,
  ],
  "system-warnings": [
    `{"id":"w","severity":"WARNING","code":"C","message":"m","details":{"n":1},"createdAt":"${TIME}","timestamp":${STAMP}}`,
    `{"type":"event","channel":"system-warnings","data":{"id":"w","severity":"WARNING","code":"C","message":"m","details":{"n":1},"createdAt":"${TIME}","timestamp":${STAMP}},"meta":{"seq":"7","epoch":"e1"},"timestamp":1800000000000}`,
  ],
  "trader-status": [
    `{"id":"42","name":"T","status":"RUNNING","updatedAt":"${TIME}","timestamp":${STAMP}}`,
    `{"type":"event","channel":"trader-status","data":{"id":"42","name":"T","status":"RUNNING","updatedAt":"${TIME}","timestamp":${STAMP}},"meta":{"seq":"7","epoch":"e1"},"timestamp":1800000000000}`,
  ],
  "positions": [
    `{"id":"p","symbol":"BTC","quantity":"0.250","status":"OPEN","isActive":true,"updatedAt":"${TIME}","timestamp":${STAMP}}`,
    `{"type":"event","channel":"positions","data":{"id":"p","symbol":"BTC","quantity":"0.250","status":"OPEN","isActive":true,"timestamp":${STAMP}},"meta":{"seq":"7","epoch":"e1","updatedAt":"${TIME}"},"timestamp":1800000000000}`,
  ],
  "market-data": [
    `{"id":"BTC","symbol":"btc","price":"1.10","source":"s","isSnapshot":false,"updatedAt":"${TIME}","timestamp":${STAMP}}`,
    `{"type":"event","channel":"market-data","data":{"id":"BTC","symbol":"btc","price":"1.10","source":"s","isSnapshot":false,"updatedAt":"${TIME}","timestamp":${STAMP}},"meta":{"seq":"7","epoch":"e1"},"timestamp":1800000000000}`,
  ],
};

for (const channel of CHANNELS) {
  Deno.test(`a live event of ${channel} has exactly these bytes`, () => {
    const [data, text] = EXACT[channel];
    const frame = encode(stored(channel, data), "e1");
    assert.equal(frame.text, text);
    assert.equal(frame.bytes, text.length);
    assert.equal(spliceV1(frame, false, 0), text);
  });
}

Deno.test("a closed position is sent like any other", () => {
  const [data, text] = EXACT.positions;
  assert.equal(encode(stored("positions", data, { ends: "closed" }), "e1").text, text);
});

Deno.test("a removal has no frame in v1", () => {
  for (const channel of ["trader-status", "positions", "market-data"] as const) {
    const removal = stored(channel, '{"id":"k","removed":true}', { ends: "removed" });
    const { text, bytes } = encode(removal, "e1");
    assert.deepEqual([text, bytes], ["", 0]);
  }
});

Deno.test("a replayed event says so between its data and its meta", () => {
  const [data] = EXACT["trader-status"];
  const frame = encode(stored("trader-status", data), "e1");
  assert.equal(
    spliceV1(frame, true, 0),
    `{"type":"event","channel":"trader-status","data":${data},"replay":true,"meta":{"seq":"7","epoch":"e1"},"timestamp":1800000000000}`,
  );
});

Deno.test("an event after a gap tells its length, as a string and last in its meta", () => {
  const [data] = EXACT["market-data"];
  assert.equal(
    spliceV1(encode(stored("market-data", data), "e1"), false, 12),
    `{"type":"event","channel":"market-data","data":${data},"meta":{"seq":"7","epoch":"e1","skipped":"12"},"timestamp":1800000000000}`,
  );
  assert.match(
    spliceV1(encode(stored("positions", EXACT.positions[0]), "e1"), true, 3),
    /,"replay":true,"meta":\{"seq":"7","epoch":"e1","updatedAt":"[^"]+","skipped":"3"\},"timestamp"/,
  );
});

Deno.test("bytes are those of UTF-8, also where characters have two, three or four of them", () => {
  for (const [text, bytes] of [["é", 2], ["€", 3], ["😀", 4], ["\u0000", 6]] as const) {
    const { bytes: with_ } = encode(stored("market-data", JSON.stringify({ text })), "e1");
    const { bytes: without } = encode(stored("market-data", '{"text":""}'), "e1");
    assert.equal(with_ - without, bytes, JSON.stringify(text));
  }
});

Deno.test("the splice is exact behind text in which characters, code points and bytes differ", () => {
  const data = JSON.stringify({ id: "p", reason: "é€😀", updatedAt: TIME, timestamp: STAMP });
  const frame = encode(stored("positions", data), "e1");
  const spliced = spliceV1(frame, true, 1);
  assert.deepEqual(JSON.parse(spliced).data, { id: "p", reason: "é€😀", timestamp: STAMP });
  assert.equal(Buffer.byteLength(spliced), frame.bytes + spliced.length - frame.text.length);
});

/** Text that looks like what the encoder cuts out or splices in. */
const LOOKALIKES = [
  `,"updatedAt":"${TIME}"`,
  `"updatedAt":"x",`,
  `\\",\\"updatedAt\\":\\"`,
  `x,`,
  `},"meta":{"seq":"1"`,
  `","replay":true,"`,
  `{"type":"event"}`,
  `"skipped":"9"}`,
  `$&$1$\``,
  `}}]"`,
  `\\`,
  `"`,
  "\ud800",
  "\udc00 low first \ud800",
  "😀",
  "\u2028\u2029\u0000",
];

Deno.test("text of a payload that looks like protocol is left alone", () => {
  for (const reason of LOOKALIKES) {
    for (const channel of ["positions", "market-data"] as const) {
      const data = JSON.stringify({ id: reason, reason, updatedAt: TIME, timestamp: STAMP });
      const frame = encode(stored(channel, data), "e1");
      const message = JSON.parse(spliceV1(frame, true, 1));
      assert.equal(message.data.id, reason);
      assert.equal(message.data.reason, reason);
      assert.equal("updatedAt" in message.data, channel !== "positions");
    }
  }
});

interface Case {
  readonly event: StoredEvent;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly epoch: string;
  readonly replay: boolean;
  readonly skipped: number;
}

const text = fc.oneof(
  fc.constantFrom(...LOOKALIKES),
  anyText({ maxLength: 12 }),
  fc.array(fc.constantFrom(...LOOKALIKES), { maxLength: 4 }).map((parts) => parts.join("")),
);

const cases: fc.Arbitrary<Case> = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  seq: fc.maxSafeInteger().map((seq) => Math.abs(seq) || 1),
  timestamp: fc.nat(),
  time: fc.constantFrom(TIME, "2026-01-31T12:34:56+01:00"),
  id: text,
  reason: text,
  details: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))),
  epoch: fc.stringMatching(/^[0-9a-f]{12}$/),
  replay: fc.boolean(),
  skipped: fc.oneof(fc.nat(3), fc.maxSafeInteger().map(Math.abs)),
}).map(({ channel, seq, timestamp, time, id, reason, details, epoch, replay, skipped }) => {
  const timeKey = channel === "risk-alerts" || channel === "system-warnings"
    ? "createdAt"
    : "updatedAt";
  const payload = { id, reason, details, [timeKey]: time, timestamp: Date.parse(time) };
  const event = { channel, seq, key: id, timestamp, time, data: JSON.stringify(payload) };
  return { event, payload, epoch, replay, skipped };
});

/** The message as the contract describes it, built without looking at the encoder's text. */
function expected({ event, payload, epoch, replay, skipped }: Case): Record<string, unknown> {
  const position = event.channel === "positions";
  const { updatedAt, timestamp, ...rest } = payload;
  return {
    type: "event",
    channel: event.channel,
    data: position ? { ...rest, timestamp } : payload,
    ...(replay && { replay: true }),
    meta: {
      seq: String(event.seq),
      epoch,
      ...(position && { updatedAt }),
      ...(skipped > 0 && { skipped: String(skipped) }),
    },
    timestamp: event.timestamp,
  };
}

Deno.test("property: a spliced frame is the JSON of the message that the contract describes", () => {
  fc.assert(fc.property(cases, (sample) => {
    const frame: FrameV1 = encode(sample.event, sample.epoch);
    const spliced = spliceV1(frame, sample.replay, sample.skipped);
    assert.equal(spliced, JSON.stringify(expected(sample)));
    const keys = Object.keys(JSON.parse(spliced));
    const all = ["type", "channel", "data", "replay", "meta", "timestamp"];
    assert.deepEqual(keys, sample.replay ? all : all.filter((key) => key !== "replay"));
  }));
});

Deno.test("property: the stated bytes are the bytes, and splicing adds at most what is set aside", () => {
  fc.assert(fc.property(cases, ({ event, epoch, replay, skipped }) => {
    const frame = encode(event, epoch);
    assert.equal(frame.bytes, new TextEncoder().encode(frame.text).length);
    const spliced = spliceV1(frame, replay, skipped);
    assert.ok(new TextEncoder().encode(spliced).length - frame.bytes <= MAX_SPLICE_BYTES);
  }));
});

Deno.test("a time that does not stand where it is written today is left out all the same", () => {
  const frame = (data: string) => JSON.parse(encode(stored("positions", data), "e1").text).data;
  const text = `in text: ,\\"updatedAt\\":\\"x\\",\\"timestamp\\":1`;
  const today = `{"id":"p","reason":"${text}","updatedAt":"${TIME}","timestamp":${STAMP}}`;
  const { updatedAt: _, ...expected } = JSON.parse(today);
  assert.deepEqual(frame(today), expected);
  const first = `{"updatedAt":"${TIME}","id":"p","timestamp":${STAMP},"reason":"${text}"}`;
  const { updatedAt: __, ...others } = JSON.parse(first);
  assert.deepEqual(frame(first), others);
  const another = `{"id":"p","updatedAt":"2020-01-01T00:00:00Z","timestamp":${STAMP}}`;
  assert.deepEqual(frame(another), { id: "p", timestamp: STAMP });
  assert.deepEqual(frame('{"id":"p"}'), { id: "p" });
});
