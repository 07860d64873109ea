import assert from "node:assert/strict";
import {
  InboundGuard,
  MAX_VIOLATIONS,
  VIOLATION_WINDOW_MILLIS,
} from "../../../actors/connection/inbound_guard.ts";
import { MAX_TOLERATED_LENGTH } from "../../../protocol/client_action.ts";
import type { EndingCause } from "../../../protocol/close_codes.ts";
import { TestClock } from "../../support/test_clock.ts";

function guard({ rate = 0, maxLength = MAX_TOLERATED_LENGTH } = {}) {
  const clock = new TestClock();
  const endings: EndingCause[] = [];
  const it = new InboundGuard((cause) => endings.push(cause), clock, rate, maxLength);
  return { clock, endings, guard: it };
}

Deno.test("text is passed on as it is", () => {
  const { guard: it, endings } = guard({ rate: 10 });
  assert.deepEqual(it.take("{}"), { kind: "text", text: "{}" });
  assert.deepEqual(endings, []);
});

Deno.test("binary data of any kind is a fault that says what to send, and a violation", () => {
  for (const data of [new ArrayBuffer(1), new Uint8Array(1), new Blob(["{}"]), undefined]) {
    const { guard: it, endings } = guard();
    const intake = it.take(data);
    assert.ok(intake.kind === "fault" && intake.fault.code === "invalid_payload");
    assert.match(intake.fault.message, /send text/);
    for (let count = 1; count < MAX_VIOLATIONS; count++) it.take(data);
    assert.deepEqual(endings, []);
    assert.deepEqual(it.take(data), { kind: "ended" });
    assert.deepEqual(endings, ["protocolViolation"]);
  }
});

Deno.test("a message over the length ends the connection, at the length it does not", () => {
  for (const make of [(n: number) => "x".repeat(n), (n: number) => new ArrayBuffer(n)]) {
    const { guard: it, endings } = guard({ maxLength: 100 });
    assert.notDeepEqual(it.take(make(100)), { kind: "ended" });
    assert.deepEqual(endings, []);
    assert.deepEqual(it.take(make(101)), { kind: "ended" });
    assert.deepEqual(endings, ["messageTooLarge"]);
  }
});

Deno.test("violations are counted for a minute from the first", () => {
  const { guard: it, clock, endings } = guard();
  for (let count = 0; count < MAX_VIOLATIONS; count++) assert.equal(it.countViolation(), true);
  clock.advance(VIOLATION_WINDOW_MILLIS - 1);
  assert.equal(it.countViolation(), false);
  assert.deepEqual(endings, ["protocolViolation"]);
  clock.advance(1);
  assert.equal(it.countViolation(), true);
});

Deno.test("over the rate each message is a fault that names it, for another second's worth", () => {
  const { guard: it, endings } = guard({ rate: 3 });
  const kinds = () => it.take("x").kind;
  assert.deepEqual([kinds(), kinds(), kinds()], ["text", "text", "text"]);
  const fault = { code: "rate_limited", message: "at most 3 messages per second" };
  for (let count = 0; count < 3; count++) {
    assert.deepEqual(it.take("x"), { kind: "fault", fault });
  }
  assert.deepEqual(endings, []);
  assert.equal(kinds(), "ended");
  assert.deepEqual(endings, ["tooManyMessages"]);
});

Deno.test("what is over the rate is not even measured", () => {
  const { guard: it, endings } = guard({ rate: 1, maxLength: 10 });
  it.take("x");
  assert.equal(it.take("x".repeat(11)).kind, "fault");
  assert.deepEqual(endings, []);
});

Deno.test("a peer that pauses is forgiven its flood, one that goes on is not", () => {
  const calm = guard({ rate: 4 });
  for (let round = 0; round < 10; round++) {
    for (let count = 0; count < 7; count++) calm.guard.take("x");
    calm.clock.advance(1_000);
  }
  assert.deepEqual(calm.endings, []);
  const busy = guard({ rate: 4 });
  for (let count = 0; count < 40; count++) {
    busy.guard.take("x");
    busy.clock.advance(125);
  }
  assert.ok(busy.endings.length > 0);
});

Deno.test("a flood is forgiven once more than half the rate is left unused, and not before", () => {
  for (const [pauseMillis, forgiven] of [[600, false], [700, true]] as const) {
    const { guard: it, clock, endings } = guard({ rate: 10 });
    for (let count = 0; count < 20; count++) it.take("x"); // Ten are served, ten are refused.
    assert.deepEqual(endings, []);
    clock.advance(pauseMillis); // Six tokens, or seven, one of which the next message takes.
    for (let count = 0; count < pauseMillis / 100; count++) assert.equal(it.take("x").kind, "text");
    assert.equal(it.take("x").kind, forgiven ? "fault" : "ended");
    assert.deepEqual(endings, forgiven ? [] : ["tooManyMessages"]);
  }
});

Deno.test("a rate of 0 limits nothing", () => {
  const { guard: it, endings } = guard({ rate: 0 });
  for (let count = 0; count < 10_000; count++) assert.equal(it.take("x").kind, "text");
  assert.deepEqual(endings, []);
});

Deno.test("messages that are counted elsewhere are inspected without being counted", () => {
  const { guard: it } = guard({ rate: 1 });
  for (let count = 0; count < 5; count++) assert.equal(it.inspect("x").kind, "text");
  assert.equal(it.admit(), undefined);
  assert.equal(it.admit()?.kind, "fault");
});
