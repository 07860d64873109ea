import assert from "node:assert/strict";
import { CoalescedCall } from "../../actors/coalesced_call.ts";
import { TurnClock } from "../support/stream_fixture.ts";

class Recorder {
  readonly clock = new TurnClock();
  readonly calls: number[] = [];
  readonly call = new CoalescedCall(this.clock, (dueAt) => {
    this.calls.push(dueAt);
    this.onCall();
  });
  onCall: () => void = () => {};

  at(dueAt: number): void {
    this.call.at(dueAt, this.clock.now());
  }
}

Deno.test("any number of requests in a turn are one call at its end", () => {
  const { call, calls, clock } = new Recorder();
  for (let i = 0; i < 3; i++) call.atTurnEnd();
  assert.deepEqual([calls, clock.waiting], [[], 1]);
  clock.turn();
  assert.deepEqual(calls, [-Infinity]);
});

Deno.test("a later request is answered by the pending call, an earlier one moves it", () => {
  const recorder = new Recorder();
  const { calls, clock } = recorder;
  for (const dueAt of [50, 80, 50, 20]) recorder.at(dueAt);
  assert.equal(clock.pendingTimers, 1);
  clock.advance(19);
  assert.deepEqual(calls, []);
  clock.advance(100);
  assert.deepEqual(calls, [20]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a request for a time that is over is called at once, and not before", () => {
  const recorder = new Recorder();
  recorder.clock.advance(100);
  recorder.at(30);
  assert.deepEqual(recorder.calls, []);
  recorder.clock.advance(0);
  assert.deepEqual(recorder.calls, [30]);
});

Deno.test("the end of the turn comes before any time", () => {
  const recorder = new Recorder();
  recorder.at(50);
  recorder.call.atTurnEnd();
  recorder.at(10);
  recorder.clock.turn();
  recorder.clock.advance(100);
  assert.deepEqual(recorder.calls, [-Infinity]);
});

Deno.test("a call may request the next", () => {
  const recorder = new Recorder();
  recorder.onCall = () => recorder.at(recorder.clock.now() + 10);
  recorder.at(10);
  recorder.clock.advance(35);
  assert.deepEqual(recorder.calls, [10, 20, 30]);
});
