import assert from "node:assert/strict";
import fc from "fast-check";
import { STEPS } from "../../../actors/connection/logic.ts";
import {
  describeTransitions,
  MAX_TRANSITIONS,
  recordTransition,
} from "../../../actors/connection/transition_history.ts";

/** The steps that change the state. */
const MOVES = STEPS.filter(({ from, to }) => from !== to);

function move(from: string, event: string) {
  const found = MOVES.find((step) => step.from.value === from && step.event === event);
  assert.ok(found, `${event} changes ${from}`);
  return found;
}

const OPENED = move("connecting", "OPENED");
const SUBSCRIBED = move("authenticated", "SUBSCRIBED");
const THROTTLED = move("subscribed", "THROTTLED");
const RECOVERED = move("throttled", "RECOVERED");
const CLOSE = move("subscribed", "CLOSE");

function recorded(...steps: readonly typeof OPENED[]) {
  const history: number[] = [];
  steps.forEach((step, index) => recordTransition(history, step, 1_000 + index));
  return describeTransitions(history);
}

Deno.test("transitions are listed oldest first, with states, event and time", () => {
  assert.deepEqual(recorded(OPENED, SUBSCRIBED), [
    { from: "connecting", to: "authenticated", event: "OPENED", atEpochMillis: 1_000 },
    { from: "authenticated", to: "subscribed", event: "SUBSCRIBED", atEpochMillis: 1_001 },
  ]);
});

Deno.test("throttlings that were recovered from are one entry, which counts them", () => {
  const pair = [THROTTLED, RECOVERED];
  const entry = { from: "throttled", to: "subscribed", event: "RECOVERED" };
  assert.deepEqual(recorded(...pair), [{ ...entry, atEpochMillis: 1_001 }]);
  assert.deepEqual(recorded(...pair, ...pair, ...pair), [
    { ...entry, atEpochMillis: 1_005, count: 3 },
  ]);
});

Deno.test("a throttling that goes on is an entry of its own", () => {
  const events = recorded(SUBSCRIBED, THROTTLED, RECOVERED, THROTTLED).map(({ event }) => event);
  assert.deepEqual(events, ["SUBSCRIBED", "RECOVERED", "THROTTLED"]);
});

Deno.test("the last sixteen entries are kept, and a thousand throttlings push nothing out", () => {
  const pairs = Array.from({ length: 1_000 }, () => [THROTTLED, RECOVERED]).flat();
  const [first, second, third, ...more] = recorded(SUBSCRIBED, ...pairs, CLOSE);
  assert.deepEqual([first?.event, second?.count, third?.event], ["SUBSCRIBED", 1_000, "CLOSE"]);
  assert.deepEqual(more, []);
  const many = recorded(...Array.from({ length: 20 }, (_, i) => i % 2 ? OPENED : SUBSCRIBED));
  assert.deepEqual(many.map(({ atEpochMillis }) => atEpochMillis), [
    ...Array.from({ length: MAX_TRANSITIONS }, (_, i) => 1_004 + i),
  ]);
  assert.equal(MAX_TRANSITIONS, 16);
});

Deno.test("a history never holds more than 32 numbers, and reads back what was recorded last", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...MOVES), { minLength: 1 }), (steps) => {
    const history: number[] = [];
    steps.forEach((step, index) => recordTransition(history, step, index));
    assert.ok(history.length <= 32, `${history.length}`);
    const { from, to, event, atEpochMillis } = describeTransitions(history).at(-1)!;
    const last = steps.at(-1)!;
    assert.deepEqual([from, to, event, atEpochMillis], [
      ...[last.from.value, last.to.value, last.event, steps.length - 1],
    ]);
  }));
});
