import assert from "node:assert/strict";
import fc from "fast-check";
import { createActor, SimulatedClock } from "xstate";
import {
  type ConnectionHandlers,
  ConnectionLogic,
  type ConnectionSnapshot,
  type Step,
  STEPS,
} from "../../../actors/connection/logic.ts";
import {
  type Cause,
  causeOf,
  type ConnectionEvent,
  connectionMachine,
  type EffectName,
  type EndingEvent,
  type LifecycleState,
} from "../../../actors/connection/machine.ts";
import { CONNECTION_STATES } from "../../../protocol/api.ts";

const OPENED: ConnectionEvent = { type: "OPENED" };
const REFUSED: EndingEvent = { type: "REFUSED", code: "OVERLOADED" };
const OPENED_LATE: ConnectionEvent = { type: "OPENED_LATE" };
const SUBSCRIBED: ConnectionEvent = {
  type: "SUBSCRIBED",
  channels: ["positions", "market-data"],
  replay: false,
};
const UNSUBSCRIBED: ConnectionEvent = { type: "UNSUBSCRIBED", channels: ["positions"] };
const UNSUBSCRIBED_ALL: ConnectionEvent = { type: "UNSUBSCRIBED_ALL", channels: ["market-data"] };
const THROTTLED: ConnectionEvent = { type: "THROTTLED", reason: "rate_limit" };
const RECOVERED: ConnectionEvent = { type: "RECOVERED" };
const TIMED_OUT: EndingEvent = { type: "TIMED_OUT", cause: "heartbeatTimeout" };
const CLOSE: EndingEvent = { type: "CLOSE", cause: "replaced" };
const FAILED: EndingEvent = { type: "FAILED" };
const SOCKET_CLOSED: EndingEvent = { type: "SOCKET_CLOSED", code: 1006 };
const ABANDONED: ConnectionEvent = { type: "ABANDONED" };

/** One of each. */
const EVENTS: readonly ConnectionEvent[] = [
  ...[OPENED, OPENED_LATE, REFUSED, SUBSCRIBED, UNSUBSCRIBED, UNSUBSCRIBED_ALL],
  ...[THROTTLED, RECOVERED, TIMED_OUT, CLOSE, FAILED, SOCKET_CLOSED, ABANDONED],
];

const STATES: readonly LifecycleState[] = [...CONNECTION_STATES, "abandoned", "gone"];

/** How each state is reached. */
const PATHS: Readonly<Record<LifecycleState, readonly ConnectionEvent[]>> = {
  "connecting": [],
  "authenticated": [OPENED],
  "subscribed": [OPENED, SUBSCRIBED],
  "throttled": [OPENED, SUBSCRIBED, THROTTLED],
  "timed-out": [OPENED, TIMED_OUT],
  "closed": [OPENED, CLOSE],
  "abandoned": [OPENED, CLOSE, ABANDONED],
  "gone": [OPENED, SOCKET_CLOSED],
};

const EFFECTS: readonly EffectName[] = [
  ...["welcome", "rejectSocket", "reportSubscribed", "reportUnsubscribed", "reportThrottled"],
  "release",
] as EffectName[];

/** An actor whose effects only note that they were called, and by what. */
class Recorder {
  readonly clock = new SimulatedClock();
  readonly effects: EffectName[] = [];
  readonly causes: ConnectionEvent[] = [];
  readonly steps: Step[] = [];
  readonly failures: unknown[] = [];
  /** Called for each effect. */
  onEffect: (effect: EffectName) => void = () => {};
  readonly actor;

  constructor(path: readonly ConnectionEvent[] = []) {
    const perform = (effect: EffectName) => (recorder: Recorder, event: ConnectionEvent) => {
      recorder.effects.push(effect);
      recorder.causes.push(event);
      recorder.onEffect(effect);
    };
    const effects = Object.fromEntries(EFFECTS.map((effect) => [effect, perform(effect)]));
    const logic = new ConnectionLogic<Recorder>(this, {
      effects: effects as ConnectionHandlers<Recorder>["effects"],
      moved: (recorder, step) => recorder.steps.push(step),
      failed: (recorder, error) => recorder.failures.push(error),
    });
    this.actor = createActor(logic, { clock: this.clock });
    this.actor.subscribe({ error: (error) => assert.fail(String(error)) });
    this.actor.start();
    for (const event of path) this.actor.send(event);
    this.effects.length = 0;
    this.causes.length = 0;
    this.steps.length = 0;
  }

  get state(): LifecycleState {
    return this.actor.getSnapshot().value;
  }

  send(event: ConnectionEvent): void {
    this.actor.send(event);
  }
}

/** What an event does in a state: where it leads, and which effects it has in which order. */
type Row = readonly [event: ConnectionEvent, next: LifecycleState, effects?: readonly EffectName[]];

const ENDINGS: readonly Row[] = [
  [TIMED_OUT, "timed-out", ["release"]],
  [CLOSE, "closed", ["release"]],
  [FAILED, "closed", ["release"]],
  [SOCKET_CLOSED, "gone", ["release"]],
];

const ignored = (state: LifecycleState, ...events: readonly ConnectionEvent[]): readonly Row[] =>
  events.map((event) => [event, state]);

const lingering = (state: LifecycleState): readonly Row[] => [
  [ABANDONED, "abandoned", []],
  [SOCKET_CLOSED, "gone", []],
  ...ignored(state, ...EVENTS.filter((event) => event !== ABANDONED && event !== SOCKET_CLOSED)),
];

/** Every event in every state. A row without effects is an event that is ignored. */
const TRANSITIONS: Readonly<Record<LifecycleState, readonly Row[]>> = {
  "connecting": [
    [OPENED, "authenticated", ["welcome"]],
    [OPENED_LATE, "closed", ["rejectSocket"]],
    // Without a socket there is nothing that a peer could hold.
    ...[REFUSED, TIMED_OUT, CLOSE, FAILED, SOCKET_CLOSED].map((event): Row => {
      return [event, "gone", ["release"]];
    }),
    ...ignored("connecting", SUBSCRIBED, UNSUBSCRIBED, UNSUBSCRIBED_ALL, THROTTLED, RECOVERED),
    ...ignored("connecting", ABANDONED),
  ],
  "authenticated": [
    [SUBSCRIBED, "subscribed", ["reportSubscribed"]],
    [UNSUBSCRIBED_ALL, "authenticated", ["reportUnsubscribed"]],
    ...ignored("authenticated", OPENED, OPENED_LATE, REFUSED, UNSUBSCRIBED, THROTTLED, RECOVERED),
    ...ignored("authenticated", ABANDONED),
    ...ENDINGS,
  ],
  "subscribed": [
    [SUBSCRIBED, "subscribed", ["reportSubscribed"]],
    [UNSUBSCRIBED, "subscribed", ["reportUnsubscribed"]],
    [UNSUBSCRIBED_ALL, "authenticated", ["reportUnsubscribed"]],
    [THROTTLED, "throttled", ["reportThrottled"]],
    ...ignored("subscribed", OPENED, OPENED_LATE, REFUSED, RECOVERED, ABANDONED),
    ...ENDINGS,
  ],
  "throttled": [
    [SUBSCRIBED, "throttled", ["reportSubscribed"]],
    [UNSUBSCRIBED, "throttled", ["reportUnsubscribed"]],
    [UNSUBSCRIBED_ALL, "authenticated", ["reportUnsubscribed"]],
    [RECOVERED, "subscribed", []],
    ...ignored("throttled", OPENED, OPENED_LATE, REFUSED, THROTTLED, ABANDONED),
    ...ENDINGS,
  ],
  "timed-out": lingering("timed-out"),
  "closed": lingering("closed"),
  "abandoned": [
    [SOCKET_CLOSED, "gone", []],
    ...ignored("abandoned", ...EVENTS.filter((event) => event !== SOCKET_CLOSED)),
  ],
  "gone": ignored("gone", ...EVENTS),
};

for (const [state, rows] of Object.entries(TRANSITIONS) as [LifecycleState, readonly Row[]][]) {
  for (const [event, next, effects] of rows) {
    const title = effects === undefined ? "is ignored" : `leads to ${next}`;
    Deno.test(`${event.type} in ${state} ${title}`, () => {
      const recorder = new Recorder(PATHS[state]);
      assert.equal(recorder.state, state);
      recorder.send(event);
      assert.equal(recorder.state, next);
      assert.deepEqual(recorder.effects, effects ?? []);
    });
  }
}

Deno.test("the table names every state and, in each, every event", () => {
  const events = [...connectionMachine.events].sort();
  assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...STATES].sort());
  assert.deepEqual(Object.keys(connectionMachine.states).sort(), [...STATES].sort());
  for (const [state, rows] of Object.entries(TRANSITIONS)) {
    const named = new Set(rows.map(([{ type }]) => type));
    assert.deepEqual([...named].sort(), events, state);
  }
});

Deno.test("time alone changes nothing: every deadline belongs to the sweeper", () => {
  for (const state of STATES) {
    const recorder = new Recorder(PATHS[state]);
    recorder.clock.increment(86_400_000);
    assert.equal(recorder.state, state);
    assert.deepEqual(recorder.effects, [], state);
  }
});

Deno.test("throttling ends with the last subscription, so that a new one is streamed", () => {
  const recorder = new Recorder(PATHS.throttled);
  recorder.send(UNSUBSCRIBED_ALL);
  recorder.send(SUBSCRIBED);
  assert.equal(recorder.state, "subscribed");
});

const CAUSES: readonly (readonly [string, EndingEvent, Cause])[] = [
  ["a refusal", REFUSED, { by: "refusal", code: "OVERLOADED" }],
  ["a timeout", TIMED_OUT, { by: "gateway", cause: "heartbeatTimeout" }],
  ["a close", CLOSE, { by: "gateway", cause: "replaced" }],
  [
    "a close with a detail",
    { type: "CLOSE", cause: "disconnected", detail: "maintenance" },
    { by: "gateway", cause: "disconnected", detail: "maintenance" },
  ],
  ["a failure", FAILED, { by: "gateway", cause: "internalError" }],
  ["a close by the peer", SOCKET_CLOSED, { by: "peer", code: 1006 }],
];

for (const [name, event, cause] of CAUSES) {
  Deno.test(`${name} releases a handshake with its cause and ends the actor`, () => {
    const recorder = new Recorder();
    recorder.send(event);
    assert.deepEqual(recorder.causes, [event]);
    assert.deepEqual(causeOf(event), cause);
    assert.equal(recorder.state, "gone");
    assert.equal(recorder.actor.getSnapshot().status, "done");
  });
}

Deno.test("the first of two causes that come at once wins", () => {
  for (const [name, first] of CAUSES.filter(([, { type }]) => type !== "REFUSED")) {
    for (const [, second] of CAUSES) {
      const recorder = new Recorder();
      // The causes arrive while the effects of OPENED run: both wait in the mailbox.
      recorder.onEffect = (effect) => {
        if (effect !== "welcome") return;
        recorder.send(first);
        recorder.send(second);
      };
      recorder.send(OPENED);
      assert.deepEqual(recorder.effects, ["welcome", "release"]);
      assert.deepEqual(recorder.causes.at(-1), first, name);
    }
  }
});

Deno.test("an actor goes the ways of the statechart: XState, asked for each event, says the same", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
    const recorder = new Recorder();
    const effects: string[] = [];
    const note = (effect: EffectName) => () => void effects.push(effect);
    const actions = Object.fromEntries(EFFECTS.map((effect) => [effect, note(effect)]));
    const actor = createActor(connectionMachine.provide({ actions })).start();
    for (const event of events) {
      recorder.send(event);
      actor.send(event);
      const expected = actor.getSnapshot();
      const { value, status } = recorder.actor.getSnapshot();
      assert.deepEqual([value, status], [expected.value, expected.status]);
      assert.deepEqual(recorder.effects, effects);
    }
  }));
});

Deno.test("connections in the same state share its snapshot, however they came there", () => {
  const shared = new Map<LifecycleState, ConnectionSnapshot>();
  for (const state of STATES) {
    shared.set(state, new Recorder(PATHS[state]).actor.getSnapshot());
  }
  fc.assert(fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
    const snapshot = new Recorder(events).actor.getSnapshot();
    assert.equal(snapshot, shared.get(snapshot.value));
  }));
});

Deno.test("an actor that is stopped from outside stops, and performs nothing", () => {
  const recorder = new Recorder(PATHS.subscribed);
  recorder.actor.stop();
  assert.equal(recorder.actor.getSnapshot().status, "stopped");
  recorder.send(CLOSE);
  assert.deepEqual(recorder.effects, []);
});

Deno.test("effects and handlers find the actor in its new state", () => {
  const recorder = new Recorder();
  const seen: unknown[] = [];
  recorder.onEffect = (effect) => seen.push([effect, recorder.state, recorder.steps.length]);
  for (const event of [OPENED, SUBSCRIBED, CLOSE]) recorder.send(event);
  assert.deepEqual(seen, [
    ["welcome", "authenticated", 1],
    ["reportSubscribed", "subscribed", 2],
    ["release", "closed", 3],
  ]);
});

Deno.test("an effect that throws is reported, and the actor goes on", () => {
  const recorder = new Recorder();
  recorder.onEffect = () => {
    throw new Error("boom");
  };
  recorder.send(OPENED);
  assert.equal(recorder.failures.length, 1);
  assert.equal(recorder.state, "authenticated");
  recorder.onEffect = () => {};
  recorder.send(FAILED);
  assert.equal(recorder.state, "closed");
});

Deno.test("every state is live, lingering or gone, and only abandoned sockets have no seat", () => {
  for (const { from, to } of STEPS) {
    for (const { value, tags } of [from, to]) {
      const kinds = ["live", "lingering"].filter((tag) => tags.has(tag as "live"));
      assert.equal(kinds.length, value === "gone" ? 0 : 1, value);
      assert.equal(tags.has("seated"), value !== "gone" && value !== "abandoned", value);
      if (tags.has("open")) assert.ok(tags.has("live"), value);
    }
  }
});

Deno.test("no connection comes back from its end", () => {
  for (const { from, to } of STEPS) {
    if (!from.tags.has("live")) assert.ok(!to.tags.has("live"), `${from.value} to ${to.value}`);
  }
});
