import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_CODES, type ErrorCode } from "../../../protocol/errors.ts";
import { MAX_CHANNEL_NAMES, MAX_MESSAGE_ID_LENGTH } from "../../../protocol/client_action.ts";
import {
  COLLECTOR_ERROR_CODES,
  collectorErrorCode,
  CollectorServerMessage,
  encodeCollector,
  parseCollectorMessage,
} from "../../../protocol/collector/message.ts";
import { marketData } from "../../support/events.ts";

const MAX_BYTES = 4_096;

function parse(message: unknown) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  return parseCollectorMessage(text, MAX_BYTES, 10);
}

function messageOf(message: unknown) {
  const result = parse(message);
  assert.ok(result.ok, JSON.stringify(result));
  return result.message;
}

function faultOf(message: unknown) {
  const result = parse(message);
  assert.ok(!result.ok, JSON.stringify(message).slice(0, 200));
  return result.fault;
}

Deno.test("nothing that a publisher sends makes the parser throw", () => {
  const nearly = fc.record({
    id: fc.oneof(fc.string(), fc.jsonValue()),
    action: fc.oneof(fc.constantFrom("publish", "heartbeat"), fc.jsonValue()),
    events: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    channels: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
  }, { requiredKeys: [] });
  const text = fc.oneof(fc.string(), fc.json(), nearly.map((value) => JSON.stringify(value)));
  fc.assert(fc.property(text, (text) => {
    const result = parse(text);
    return result.ok || result.fault.message.length > 0;
  }));
});

Deno.test("a publication is passed on with its events as they came", () => {
  const events = [marketData("A", "1"), "nonsense", { channel: "weather" }];
  for (const action of ["publish", "PUBLISH"]) {
    const message = messageOf({ id: "7", action, events });
    assert.ok(message.action === "publish");
    assert.equal(message.id, "7");
    const { text, list, count } = message.events;
    assert.equal(count, 3);
    assert.deepEqual(list.map(({ start, end }) => JSON.parse(text.slice(start, end))), events);
  }
});

Deno.test("a publication needs an id that can be echoed", () => {
  const events = [marketData("A", "1")];
  for (const id of [undefined, null, 7, "", "x".repeat(MAX_MESSAGE_ID_LENGTH + 1)]) {
    const fault = faultOf({ id, action: "publish", events });
    assert.equal(fault.code, "invalid_payload");
    assert.match(fault.message, /^id: /);
    assert.equal(fault.id, undefined);
  }
});

Deno.test("a faulty publication is answered under its id", () => {
  for (const events of [undefined, null, {}, "x", 1]) {
    const { code, message, id } = faultOf({ id: "7", action: "publish", events });
    assert.deepEqual([code, id], ["invalid_payload", "7"]);
    assert.match(message, /^events: /);
  }
  const { code, message } = faultOf({ id: "7", action: "publish", events: [], event: {} });
  assert.equal(code, "invalid_payload");
  assert.match(message, /event/);
});

Deno.test("a heartbeat names channels in any spelling, each once, or none", () => {
  const heartbeat = {
    action: "heartbeat",
    id: "h",
    channels: ["market.data", "POSITION", "positions"],
  };
  assert.deepEqual(messageOf(heartbeat), {
    action: "heartbeat",
    id: "h",
    channels: ["market-data", "positions"],
  });
  for (const message of [{ action: "heartbeat" }, { action: "Heartbeat", channels: [] }]) {
    assert.deepEqual(messageOf(message), { action: "heartbeat", channels: [] });
  }
});

Deno.test("a heartbeat for something that is no channel declares nothing, and says which", () => {
  const fault = faultOf({ action: "heartbeat", id: "h", channels: ["positions", "weather"] });
  assert.deepEqual([fault.code, fault.id], ["invalid_payload", "h"]);
  assert.match(fault.message, /^channels\[1\]: unknown channel; use one of .*market-data/);
  for (const channels of ["positions", [1], new Array(MAX_CHANNEL_NAMES + 1).fill("positions")]) {
    assert.equal(faultOf({ action: "heartbeat", channels }).code, "invalid_payload");
  }
});

Deno.test("what subscribers do is unknown here, and the answer names what is known", () => {
  for (const action of ["subscribe", "unsubscribe", "acknowledge", "", "toString"]) {
    const { code, message } = faultOf({ id: "1", action, channels: ["positions"] });
    assert.equal(code, "unknown_action");
    assert.match(message, /publish, heartbeat/);
  }
});

Deno.test("length is counted in bytes, and one that is too long is not parsed", () => {
  const pad = (character: string, bytes: number) => {
    const head = '{"action":"heartbeat","id":"';
    const room = bytes - head.length - 2;
    const size = new TextEncoder().encode(character).length;
    return `${head}${character.repeat(Math.floor(room / size))}${"x".repeat(room % size)}"}`;
  };
  for (const character of ["x", "é", "€"]) {
    // Its id is too long to be valid, but it is looked at.
    assert.equal(faultOf(pad(character, MAX_BYTES)).code, "invalid_payload");
    const fault = faultOf(pad(character, MAX_BYTES + 1));
    assert.deepEqual([fault.code, fault.id], ["too_large", undefined]);
    assert.match(fault.message, /4096 bytes/);
  }
});

Deno.test("every code of the envelope has a word, and publishing's own have one each", () => {
  for (const code of ERROR_CODES) {
    assert.ok(COLLECTOR_ERROR_CODES.includes(collectorErrorCode(code)), code);
  }
  const own: Partial<Record<ErrorCode, string>> = {
    INVALID_EVENTS: "invalid_events",
    EVENT_ID_REUSED: "event_id_reused",
    SNAPSHOT_FULL: "snapshot_full",
    PAYLOAD_TOO_LARGE: "too_large",
    FORBIDDEN: "forbidden",
    OVERLOADED: "overloaded",
    STORE_UNAVAILABLE: "unavailable",
  };
  for (const [code, word] of Object.entries(own)) {
    assert.equal(collectorErrorCode(code as ErrorCode), word);
  }
});

Deno.test("what is absent is left out, and what is written is read back", () => {
  const error = encodeCollector({
    type: "error",
    id: undefined,
    code: "overloaded",
    message: "later",
    retryAfterMs: 1_000,
  });
  assert.equal(error, '{"type":"error","code":"overloaded","message":"later","retryAfterMs":1000}');
  const messages: readonly CollectorServerMessage[] = [
    {
      type: "ack",
      id: "7",
      ok: true,
      accepted: 2,
      duplicates: 1,
      last: { "positions": { epoch: "e", seq: 3 } },
    },
    { type: "heartbeat", direction: "server", timestamp: 1 },
    { type: "going_away", reconnectAfterMs: 250 },
  ];
  for (const message of messages) {
    assert.deepEqual(CollectorServerMessage.parse(JSON.parse(encodeCollector(message))), message);
  }
});
