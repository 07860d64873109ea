import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeEventsFrame,
  encodeEventV2,
  encodeSnapshot,
  type EventsFrameHeader,
} from "../../../protocol/v2/event_frames.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { EventsV2, ServerMessageV2, SnapshotV2 } from "../../../protocol/v2/server_message.ts";
import { anyText } from "../../support/any_text.ts";

const channel = fc.constantFrom(...CHANNELS);
const epoch = fc.stringMatching(/^[0-9a-f-]{1,36}$/);

/** Any key but the one that is none to most decoders. */
const key = anyText({ maxLength: 10 }).filter((name) => name !== "__proto__");

/** Any payload that a schema could let through: an id, and whatever JSON can say. */
const payload = fc.tuple(
  anyText({ minLength: 1, maxLength: 20 }),
  fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })),
).map(([id, rest]) => ({ ...JSON.parse(JSON.stringify(rest)), id }));

/** Events with ascending numbers, beginning anywhere. */
const events = fc.tuple(fc.nat(1_000_000), fc.array(fc.tuple(fc.nat(5), fc.nat(), payload))).map(
  ([before, list]) => {
    let seq = before;
    return list.map(([gap, timestamp, data]) => ({ seq: seq += gap + 1, timestamp, data }));
  },
);

type Event = { seq: number; timestamp: number; data: Record<string, unknown> };

function encodeAll(list: readonly Event[]): string {
  return list.map(({ seq, timestamp, data }) =>
    encodeEventV2({ seq, timestamp, data: JSON.stringify(data) })
  ).join(",");
}

Deno.test("property: a batch is read back as it was written, whatever its events say", () => {
  fc.assert(fc.property(channel, events, fc.boolean(), fc.nat(), (channel, list, replay, split) => {
    const from = list[0]?.seq ?? 1;
    const to = list.at(-1)?.seq ?? 1;
    const rest = to - from + 1 - list.length;
    const skipped = split % (rest + 1);
    const header: EventsFrameHeader = {
      channel,
      from,
      to,
      skipped,
      filtered: rest - skipped,
      replay,
    };
    const read = JSON.parse(encodeEventsFrame(header, encodeAll(list)));
    assert.deepEqual(read, { type: "events", ...header, events: list });
    assert.deepEqual(ServerMessageV2.parse(read), read);
  }));
});

Deno.test("property: a snapshot is read back as it was written, whatever its events say", () => {
  fc.assert(fc.property(channel, epoch, events, fc.boolean(), (channel, epoch, list, last) => {
    const seq = list.at(-1)?.seq ?? 0;
    const read = JSON.parse(encodeSnapshot(channel, epoch, seq, encodeAll(list), last));
    assert.deepEqual(read, { type: "snapshot", channel, epoch, seq, events: list, last });
    assert.deepEqual(ServerMessageV2.parse(read), read);
  }));
});

Deno.test("keys stand in the order of the schema", () => {
  const header: EventsFrameHeader = {
    replay: false,
    filtered: 0,
    skipped: 1,
    to: 1,
    from: 1,
    channel: "positions",
  };
  const keysOf = (text: string) => Object.keys(JSON.parse(text));
  assert.deepEqual(keysOf(encodeEventsFrame(header, "")), Object.keys(EventsV2.shape));
  assert.deepEqual(
    keysOf(encodeSnapshot("positions", "e1", 0, "", true)),
    Object.keys(SnapshotV2.shape),
  );
});

Deno.test("the payload is copied as it was serialised, byte for byte", () => {
  const data = '{"id":"a","price":"1.50","n":1.0,"text":"\\u00e9\\/"}';
  const event: StoredEvent = {
    channel: "market-data",
    seq: 3,
    key: "a",
    timestamp: 5,
    time: "",
    data,
  };
  assert.equal(encodeEventV2(event), `{"seq":3,"timestamp":5,"data":${data}}`);
});
