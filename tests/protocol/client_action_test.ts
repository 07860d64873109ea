import assert from "node:assert/strict";
import { echoableId, MAX_MESSAGE_ID_LENGTH, readAction } from "../../protocol/client_action.ts";

const ACTIONS = ["subscribe", "heartbeat"] as const;

const read = (text: string, maxLength = 1_000) => readAction(text, maxLength, ACTIONS);

function faultOf(text: string, maxLength?: number) {
  const result = read(text, maxLength);
  assert.ok(!result.ok, text);
  return result.fault;
}

Deno.test("an action is read in any case; the other keys stay as they are", () => {
  assert.deepEqual(read('{"Action":1,"action":"SubScribe","id":7}'), {
    ok: true,
    value: { Action: 1, action: "subscribe", id: 7 },
  });
});

Deno.test("what is no object with an action is told what is expected", () => {
  for (const text of ["", "{", "null", "3", "[]", '"heartbeat"']) {
    assert.equal(faultOf(text).code, "invalid_payload", text);
  }
  for (const text of ["{}", "[]", '{"action":3}', '{"action":null}']) {
    assert.match(faultOf(text).message, /subscribe, heartbeat/);
  }
});

Deno.test("an action that is not known is told which there are", () => {
  for (const action of ["dance", "subscribe ", "", "constructor"]) {
    const { code, message } = faultOf(JSON.stringify({ action }));
    assert.equal(code, "unknown_action");
    assert.match(message, /subscribe, heartbeat/);
  }
});

Deno.test("a frame may be as long as the limit, and not a character longer", () => {
  const text = '{"action":"heartbeat"}';
  assert.equal(read(text, text.length).ok, true);
  const { code, message } = faultOf(text, text.length - 1);
  assert.equal(code, "too_large");
  assert.match(message, new RegExp(`\\b${text.length - 1}\\b`));
});

Deno.test("a fault repeats the id of its message, when it can be told and repeated", () => {
  assert.equal(faultOf('{"id":"7","action":"dance"}').id, "7");
  assert.equal(faultOf('{"id":"7"}').id, "7");
  assert.equal("id" in faultOf('{"id":7,"action":"dance"}'), false);
  assert.equal("id" in faultOf("nonsense"), false);
});

Deno.test("an id is text, neither empty nor longer than its limit", () => {
  const longest = "x".repeat(MAX_MESSAGE_ID_LENGTH);
  assert.equal(echoableId(longest), longest);
  for (const id of [`${longest}x`, "", 1, null, undefined, {}, ["x"]]) {
    assert.equal(echoableId(id), undefined);
  }
});
