import assert from "node:assert/strict";
import {
  MAX_LINES,
  Refusals,
  type RefusedAttempt,
  WINDOW_MILLIS,
} from "../../../actors/observability/refusals.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";

function attempt(address: string, code: RefusedAttempt["code"] = "API_KEY_INVALID") {
  return { status: 401, code, address, path: "/ws/telemetry" } as const;
}

function setUp() {
  const clock = new TestClock();
  const log = new RecordingLogger();
  return { clock, log, refusals: new Refusals(clock, log) };
}

/** Refusals that the lines about counts account for. */
function countedIn(log: RecordingLogger): number {
  const counts = log.find({ message: "more refusals, counted by code and not logged one by one" })
    .flatMap(({ properties }) => Object.values(properties["counts"] as Record<string, number>));
  return counts.reduce((sum, count) => sum + count, 0);
}

Deno.test("a refusal is one warning with what was refused", () => {
  const { log, refusals } = setUp();
  refusals.record("handshake", { ...attempt("10.0.0.1"), principal: "desk" });
  refusals.record("request", attempt("10.0.0.1"));
  assert.deepEqual(log.lines, [
    {
      level: "warn",
      message: "handshake refused",
      properties: { ...attempt("10.0.0.1"), principal: "desk" },
    },
    { level: "warn", message: "request refused", properties: attempt("10.0.0.1") },
  ]);
});

Deno.test("an address has one line a second for each code; the rest is counted", () => {
  const { clock, log, refusals } = setUp();
  for (let count = 0; count < 30; count++) refusals.record("handshake", attempt("10.0.0.1"));
  refusals.record("handshake", attempt("10.0.0.1", "FORBIDDEN"));
  refusals.record("handshake", attempt("10.0.0.2"));
  assert.equal(log.find({ message: "handshake refused" }).length, 3);
  clock.advance(WINDOW_MILLIS);
  const [line, ...others] = log.find({
    message: "more refusals, counted by code and not logged one by one",
  });
  assert.deepEqual(line?.properties["counts"], { "handshake API_KEY_INVALID": 29 });
  assert.deepEqual(others, []);
  refusals.record("handshake", attempt("10.0.0.1"));
  assert.equal(log.find({ message: "handshake refused" }).length, 4);
  assert.equal(refusals.counts.handshake.API_KEY_INVALID, 32);
});

Deno.test("a flood from many addresses writes at most fifty lines in any second, and loses no count", () => {
  const { clock, log, refusals } = setUp();
  const times: number[] = [];
  let flood = 0;
  for (let step = 0; step < 300; step++) {
    for (let peer = 0; peer < 100; peer++) {
      const before = log.lines.length;
      refusals.record("handshake", attempt(`10.${step % 250}.${peer}.1`));
      flood += 1;
      for (let line = before; line < log.lines.length; line++) times.push(clock.now());
    }
    const before = log.lines.length;
    clock.advance(17);
    for (let line = before; line < log.lines.length; line++) times.push(clock.now());
  }
  clock.advance(WINDOW_MILLIS);
  for (const [index, at] of times.entries()) {
    const after = times[index + MAX_LINES];
    assert.ok(after === undefined || after - at >= WINDOW_MILLIS, `${MAX_LINES + 1} from ${at} on`);
  }
  assert.equal(log.find({ message: "handshake refused" }).length + countedIn(log), flood);
  assert.equal(refusals.counts.handshake.API_KEY_INVALID, flood);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("who changes the address within an IPv6 network gets no more lines", () => {
  const { log, refusals } = setUp();
  for (let host = 1; host < 40; host++) {
    refusals.record("handshake", attempt(`2001:db8:1:2::${host.toString(16)}`));
  }
  assert.equal(log.lines.length, 1);
});
