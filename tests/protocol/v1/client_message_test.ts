import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CHANNEL_NAMES, MAX_CLIENT_MESSAGE_LENGTH } from "../../../protocol/client_action.ts";
import {
  type ClientMessageFault,
  parseClientMessage,
} from "../../../protocol/v1/client_message.ts";

function faultOf(message: unknown): ClientMessageFault {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const result = parseClientMessage(text);
  assert.equal(result.ok, false, text.slice(0, 100));
  return (result as { fault: ClientMessageFault }).fault;
}

Deno.test("nothing that a client sends makes the parser throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    const result = parseClientMessage(text);
    return result.ok || result.fault.message.length > 0;
  }));
});

Deno.test("nothing near a valid message makes the parser throw", () => {
  const nearly = fc.record({
    action: fc.oneof(fc.constantFrom("subscribe", "unsubscribe", "heartbeat"), fc.jsonValue()),
    channels: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    replay: fc.oneof(fc.boolean(), fc.jsonValue()),
  }, { requiredKeys: [] });
  fc.assert(fc.property(nearly, (message) => {
    const result = parseClientMessage(JSON.stringify(message));
    return result.ok || result.fault.message.length > 0;
  }));
});

Deno.test("deeply nested messages are answered like others", () => {
  const depth = MAX_CLIENT_MESSAGE_LENGTH / 2;
  assert.equal(faultOf("[".repeat(depth) + "]".repeat(depth)).reason, "invalid_payload");
});

Deno.test("actions are understood in any case", () => {
  for (const action of ["subscribe", "SUBSCRIBE", "Subscribe"]) {
    const result = parseClientMessage(JSON.stringify({ action, channels: ["positions"] }));
    assert.deepEqual(result, {
      ok: true,
      message: { action: "subscribe", channels: ["positions"] },
    });
  }
  assert.deepEqual(parseClientMessage('{"action":"HeartBeat"}'), {
    ok: true,
    message: { action: "heartbeat" },
  });
});

Deno.test("keys that a message does not need are ignored", () => {
  const text = '{"action":"heartbeat","channels":"x","timestamp":1,"clientId":"c","__proto__":{}}';
  assert.deepEqual(parseClientMessage(text), { ok: true, message: { action: "heartbeat" } });
});

Deno.test("replay may be true, false, null or absent", () => {
  for (const replay of [true, false, null]) {
    const message = { action: "subscribe", channels: ["positions"], replay };
    assert.deepEqual(parseClientMessage(JSON.stringify(message)), { ok: true, message });
  }
  assert.equal(
    faultOf({ action: "subscribe", channels: [], replay: "yes" }).reason,
    "invalid_payload",
  );
});

Deno.test("what is no JSON object is an invalid payload", () => {
  for (const text of ["", "hello", "{", "null", "1", '"subscribe"', "[]", '["subscribe"]']) {
    assert.equal(faultOf(text).reason, "invalid_payload", text);
  }
});

Deno.test("a message without an action is told which there are", () => {
  for (const message of [{}, { action: 1 }, { action: null }, { type: "subscribe" }]) {
    const { reason, message: text } = faultOf(message);
    assert.equal(reason, "invalid_payload");
    for (const action of ["subscribe", "unsubscribe", "heartbeat"]) {
      assert.ok(text.includes(action));
    }
  }
});

Deno.test("an unknown action is told which there are", () => {
  for (const action of ["", "publish", "subscribe ", "toString", "__proto__"]) {
    const { reason, message } = faultOf({ action });
    assert.equal(reason, "unknown_action", action);
    assert.ok(message.includes("unsubscribe"));
  }
});

Deno.test("channels must be a list of names", () => {
  const tooMany = new Array(MAX_CHANNEL_NAMES + 1).fill("positions");
  for (const channels of [undefined, null, "positions", [1], [null], tooMany, ["x".repeat(129)]]) {
    for (const action of ["subscribe", "unsubscribe"]) {
      const { reason, message } = faultOf({ action, channels });
      assert.equal(reason, "invalid_channels");
      assert.match(message, /^channels/);
    }
  }
});

Deno.test("a name that is wrong is named by its index", () => {
  assert.match(faultOf({ action: "subscribe", channels: ["positions", 7] }).message, /channels.*1/);
});

Deno.test("a message that is too long is not even parsed", () => {
  const head = '{"action":"heartbeat","pad":"';
  const longest = head + "x".repeat(MAX_CLIENT_MESSAGE_LENGTH - head.length - 2) + '"}';
  assert.equal(longest.length, MAX_CLIENT_MESSAGE_LENGTH);
  assert.equal(parseClientMessage(longest).ok, true);
  assert.equal(faultOf(`${longest} `).reason, "too_large");
});
