import assert from "node:assert/strict";
import fc from "fast-check";
import { createActor, SimulatedClock } from "xstate";
import {
  type ConnectionEffects,
  ConnectionLogic,
  type ConnectionSnapshot,
} from "../../../actors/connection/logic.ts";
import {
  type Cause,
  causeOf,
  type ConnectionEvent,
  connectionMachine,
  type EffectName,
  type EndingEvent,
} from "../../../actors/connection/machine.ts";
import { CONNECTION_STATES, type ConnectionState } from "../../../protocol/api.ts";

const OPENED: ConnectionEvent = { type: "OPENED" };
const REFUSED: EndingEvent = { type: "REFUSED", code: "OVERLOADED" };
const SUBSCRIBE: ConnectionEvent = {
  type: "SUBSCRIBE",
  channels: ["positions", "market-data"],
  replay: false,
  open: () => {},
};
const UNSUBSCRIBE: ConnectionEvent = {
  type: "UNSUBSCRIBE",
  channels: ["positions"],
  close: () => {},
};
const UNSUBSCRIBE_LAST: ConnectionEvent = {
  type: "UNSUBSCRIBE_LAST",
  channels: ["market-data"],
  close: () => {},
};
const THROTTLED: ConnectionEvent = { type: "THROTTLED", reason: "rate_limit" };
const RECOVERED: ConnectionEvent = { type: "RECOVERED" };
const TIMED_OUT: EndingEvent = { type: "TIMED_OUT", cause: "heartbeatTimeout" };
const CLOSE: EndingEvent = { type: "CLOSE", cause: "replaced" };
const SOCKET_CLOSED: EndingEvent = { type: "SOCKET_CLOSED", code: 1006 };

/** One of each. */
const EVENTS: readonly ConnectionEvent[] = [
  ...[OPENED, REFUSED, SUBSCRIBE, UNSUBSCRIBE, UNSUBSCRIBE_LAST, THROTTLED, RECOVERED],
  ...[TIMED_OUT, CLOSE, SOCKET_CLOSED],
];

/** How each state is reached. */
const PATHS: Readonly<Record<ConnectionState, readonly ConnectionEvent[]>> = {
  "connecting": [],
  "authenticated": [OPENED],
  "subscribed": [OPENED, SUBSCRIBE],
  "throttled": [OPENED, SUBSCRIBE, THROTTLED],
  "timed-out": [OPENED, TIMED_OUT],
  "closed": [OPENED, CLOSE],
};

const EFFECTS: readonly EffectName[] = [
  ...["welcome", "openCursors", "closeCursors", "reportThrottled", "release"] as const,
];

/** An actor whose effects only note that they were called, and by what. */
class Recorder {
  readonly clock = new SimulatedClock();
  readonly effects: EffectName[] = [];
  readonly causes: ConnectionEvent[] = [];
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
    const logic = new ConnectionLogic(this, effects as ConnectionEffects<Recorder>);
    this.actor = createActor(logic, { clock: this.clock });
    this.actor.subscribe({ error: (error) => assert.fail(String(error)) });
    this.actor.start();
    for (const event of path) this.actor.send(event);
    this.effects.length = 0;
    this.causes.length = 0;
  }

  get state(): ConnectionState {
    return this.actor.getSnapshot().value;
  }

  send(event: ConnectionEvent): void {
    this.actor.send(event);
  }
}

/** What an event does in a state: where it leads, and which effects it has in which order. */
type Row = readonly [
  label: string,
  event: ConnectionEvent,
  next: ConnectionState,
  effects?: readonly EffectName[],
];

const ENDINGS: readonly Row[] = [
  ["TIMED_OUT", TIMED_OUT, "timed-out", ["release"]],
  ["CLOSE", CLOSE, "closed", ["release"]],
  ["SOCKET_CLOSED", SOCKET_CLOSED, "closed", ["release"]],
];

const ignored = (state: ConnectionState, ...events: readonly ConnectionEvent[]): readonly Row[] =>
  events.map((event) => [event.type, event, state]);

/** Every event in every state. A row without effects is an event that is ignored. */
const TRANSITIONS: Readonly<Record<ConnectionState, readonly Row[]>> = {
  "connecting": [
    ["OPENED", OPENED, "authenticated", ["welcome"]],
    ["REFUSED", REFUSED, "closed", ["release"]],
    ...ignored("connecting", SUBSCRIBE, UNSUBSCRIBE, UNSUBSCRIBE_LAST, THROTTLED, RECOVERED),
    ...ENDINGS,
  ],
  "authenticated": [
    ["SUBSCRIBE", SUBSCRIBE, "subscribed", ["openCursors"]],
    // Nothing was subscribed, yet the client is owed an answer.
    ["UNSUBSCRIBE_LAST", UNSUBSCRIBE_LAST, "authenticated", ["closeCursors"]],
    ...ignored("authenticated", OPENED, REFUSED, UNSUBSCRIBE, THROTTLED, RECOVERED),
    ...ENDINGS,
  ],
  "subscribed": [
    ["SUBSCRIBE", SUBSCRIBE, "subscribed", ["openCursors"]],
    ["UNSUBSCRIBE", UNSUBSCRIBE, "subscribed", ["closeCursors"]],
    ["UNSUBSCRIBE_LAST", UNSUBSCRIBE_LAST, "authenticated", ["closeCursors"]],
    ["THROTTLED", THROTTLED, "throttled", ["reportThrottled"]],
    ...ignored("subscribed", OPENED, REFUSED, RECOVERED),
    ...ENDINGS,
  ],
  "throttled": [
    ["SUBSCRIBE", SUBSCRIBE, "throttled", ["openCursors"]],
    ["UNSUBSCRIBE", UNSUBSCRIBE, "throttled", ["closeCursors"]],
    ["UNSUBSCRIBE_LAST", UNSUBSCRIBE_LAST, "authenticated", ["closeCursors"]],
    ["RECOVERED", RECOVERED, "subscribed", []],
    ...ignored("throttled", OPENED, REFUSED, THROTTLED),
    ...ENDINGS,
  ],
  "timed-out": ignored("timed-out", ...EVENTS),
  "closed": ignored("closed", ...EVENTS),
};

for (const [state, rows] of Object.entries(TRANSITIONS) as [ConnectionState, readonly Row[]][]) {
  for (const [label, event, next, effects] of rows) {
    const title = effects === undefined ? "is ignored" : `leads to ${next}`;
    Deno.test(`${label} in ${state} ${title}`, () => {
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
  assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...CONNECTION_STATES].sort());
  assert.deepEqual(Object.keys(connectionMachine.states).sort(), [...CONNECTION_STATES].sort());
  for (const [state, rows] of Object.entries(TRANSITIONS)) {
    const named = new Set(rows.map(([, { type }]) => type));
    assert.deepEqual([...named].sort(), events, state);
  }
});

Deno.test("time alone changes nothing: every deadline belongs to the sweeper", () => {
  for (const state of CONNECTION_STATES) {
    const recorder = new Recorder(PATHS[state]);
    recorder.clock.increment(86_400_000);
    assert.equal(recorder.state, state);
    assert.deepEqual(recorder.effects, [], state);
  }
});

Deno.test("throttling ends with the last subscription, so that a new one is streamed", () => {
  const recorder = new Recorder(PATHS.throttled);
  recorder.send(UNSUBSCRIBE_LAST);
  recorder.send(SUBSCRIBE);
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
  ["a close by the peer", SOCKET_CLOSED, { by: "peer", code: 1006 }],
];

for (const [name, event, cause] of CAUSES) {
  Deno.test(`${name} releases the connection with its cause and ends the actor`, () => {
    const recorder = new Recorder();
    recorder.send(event);
    assert.deepEqual(recorder.causes, [event]);
    assert.deepEqual(causeOf(event), cause);
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
  const shared = new Map<ConnectionState, ConnectionSnapshot>();
  for (const state of CONNECTION_STATES) {
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
