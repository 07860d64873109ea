import assert from "node:assert/strict";
import { createActor, SimulatedClock } from "xstate";
import {
  type Cause,
  type ConnectionEvent,
  connectionMachine,
} from "../../../actors/connection/machine.ts";
import { CONNECTION_STATES, type ConnectionState } from "../../../protocol/api.ts";
import type { Channel } from "../../../protocol/channels.ts";

const subscribe = (...channels: Channel[]): ConnectionEvent => ({
  type: "SUBSCRIBE",
  channels,
  open: () => {},
});
const unsubscribe = (...channels: Channel[]): ConnectionEvent => ({
  type: "UNSUBSCRIBE",
  channels,
  close: () => {},
});

const OPENED: ConnectionEvent = { type: "OPENED" };
const REFUSED: ConnectionEvent = { type: "REFUSED", code: "OVERLOADED" };
const THROTTLED: ConnectionEvent = { type: "THROTTLED", reason: "rate_limit" };
const RECOVERED: ConnectionEvent = { type: "RECOVERED" };
const TIMED_OUT: ConnectionEvent = { type: "TIMED_OUT", cause: "heartbeatTimeout" };
const CLOSE: ConnectionEvent = { type: "CLOSE", cause: "replaced" };
const SOCKET_CLOSED: ConnectionEvent = { type: "SOCKET_CLOSED", code: 1006 };

/** How each state is reached; `subscribed` and `throttled` have two channels. */
const PATHS: Readonly<Record<ConnectionState, readonly ConnectionEvent[]>> = {
  "connecting": [],
  "authenticated": [OPENED],
  "subscribed": [OPENED, subscribe("positions", "market-data")],
  "throttled": [OPENED, subscribe("positions", "market-data"), THROTTLED],
  "timed-out": [OPENED, TIMED_OUT],
  "closed": [OPENED, CLOSE],
};

const EFFECTS = [
  ...["welcome", "openCursors", "closeCursors", "reportThrottled", "reportRecovered", "release"],
] as const;

/** A machine whose effects only note that they were called, and what was known by then. */
class Recorder {
  readonly clock = new SimulatedClock();
  readonly effects: string[] = [];
  /** What had been recorded as the cause when the connection was released. */
  released: Cause | undefined;
  readonly actor;

  constructor(path: readonly ConnectionEvent[] = []) {
    const note = (effect: string) => ({ context }: { context: { ended: Cause | undefined } }) => {
      this.effects.push(effect);
      if (effect === "release") this.released = context.ended;
    };
    const actions = Object.fromEntries(EFFECTS.map((effect) => [effect, note(effect)]));
    this.actor = createActor(connectionMachine.provide({ actions }), { clock: this.clock });
    this.actor.subscribe({ error: (error) => assert.fail(String(error)) });
    this.actor.start();
    for (const event of path) this.actor.send(event);
    this.effects.length = 0;
  }

  get state(): ConnectionState {
    return this.actor.getSnapshot().value;
  }

  get channels(): Channel[] {
    return [...this.actor.getSnapshot().context.channels];
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
  effects?: readonly (typeof EFFECTS)[number][],
];

const ENDINGS: readonly Row[] = [
  ["TIMED_OUT", TIMED_OUT, "timed-out", ["release"]],
  ["CLOSE", CLOSE, "closed", ["release"]],
  ["SOCKET_CLOSED", SOCKET_CLOSED, "closed", ["release"]],
];

const everythingIn = (state: ConnectionState): readonly Row[] => [
  ["OPENED", OPENED, state],
  ["REFUSED", REFUSED, state],
  ["SUBSCRIBE", subscribe("positions"), state],
  ["UNSUBSCRIBE", unsubscribe("positions"), state],
  ["THROTTLED", THROTTLED, state],
  ["RECOVERED", RECOVERED, state],
  ["TIMED_OUT", TIMED_OUT, state],
  ["CLOSE", CLOSE, state],
  ["SOCKET_CLOSED", SOCKET_CLOSED, state],
];

/** Every event in every state. A row without effects is an event that is ignored. */
const TRANSITIONS: Readonly<Record<ConnectionState, readonly Row[]>> = {
  "connecting": [
    ["OPENED", OPENED, "authenticated", ["welcome"]],
    ["REFUSED", REFUSED, "closed", ["release"]],
    ["SUBSCRIBE", subscribe("positions"), "connecting"],
    ["UNSUBSCRIBE", unsubscribe("positions"), "connecting"],
    ["THROTTLED", THROTTLED, "connecting"],
    ["RECOVERED", RECOVERED, "connecting"],
    ...ENDINGS,
  ],
  "authenticated": [
    ["OPENED", OPENED, "authenticated"],
    ["REFUSED", REFUSED, "authenticated"],
    ["SUBSCRIBE", subscribe("positions"), "subscribed", ["openCursors"]],
    // Nothing was subscribed, yet the client is owed an answer.
    ["UNSUBSCRIBE", unsubscribe("positions"), "authenticated", ["closeCursors"]],
    ["THROTTLED", THROTTLED, "authenticated"],
    ["RECOVERED", RECOVERED, "authenticated"],
    ...ENDINGS,
  ],
  "subscribed": [
    ["OPENED", OPENED, "subscribed"],
    ["REFUSED", REFUSED, "subscribed"],
    ["SUBSCRIBE to another", subscribe("risk-alerts"), "subscribed", ["openCursors"]],
    ["SUBSCRIBE again", subscribe("positions"), "subscribed", ["openCursors"]],
    ["UNSUBSCRIBE of one", unsubscribe("positions"), "subscribed", ["closeCursors"]],
    ["UNSUBSCRIBE of a stranger", unsubscribe("risk-alerts"), "subscribed", ["closeCursors"]],
    [
      "UNSUBSCRIBE of all",
      unsubscribe("market-data", "risk-alerts", "positions"),
      "authenticated",
      ["closeCursors"],
    ],
    ["THROTTLED", THROTTLED, "throttled", ["reportThrottled"]],
    ["RECOVERED", RECOVERED, "subscribed"],
    ...ENDINGS,
  ],
  "throttled": [
    ["OPENED", OPENED, "throttled"],
    ["REFUSED", REFUSED, "throttled"],
    ["SUBSCRIBE to another", subscribe("risk-alerts"), "throttled", ["openCursors"]],
    ["UNSUBSCRIBE of one", unsubscribe("positions"), "throttled", ["closeCursors"]],
    [
      "UNSUBSCRIBE of all",
      unsubscribe("market-data", "positions"),
      "authenticated",
      ["closeCursors"],
    ],
    ["THROTTLED", THROTTLED, "throttled"],
    ["RECOVERED", RECOVERED, "subscribed", ["reportRecovered"]],
    ...ENDINGS,
  ],
  "timed-out": everythingIn("timed-out"),
  "closed": everythingIn("closed"),
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

Deno.test("subscriptions add up, and unsubscribing takes away", () => {
  const recorder = new Recorder([OPENED]);
  recorder.send(subscribe("positions"));
  recorder.send(subscribe("market-data", "positions"));
  assert.deepEqual(recorder.channels, ["positions", "market-data"]);
  recorder.send(THROTTLED);
  recorder.send(unsubscribe("positions", "risk-alerts"));
  assert.deepEqual(recorder.channels, ["market-data"]);
  recorder.send(unsubscribe("market-data"));
  assert.deepEqual(recorder.channels, []);
});

Deno.test("the channels are up to date when cursors are opened and closed", () => {
  const seen: string[][] = [];
  const look = ({ context }: { context: { channels: ReadonlySet<Channel> } }) =>
    void seen.push([...context.channels]);
  const actions = { openCursors: look, closeCursors: look };
  const actor = createActor(connectionMachine.provide({ actions })).start();
  actor.send(OPENED);
  actor.send(subscribe("positions", "market-data"));
  actor.send(unsubscribe("positions"));
  actor.send(unsubscribe("market-data"));
  actor.stop();
  assert.deepEqual(seen, [["positions", "market-data"], ["market-data"], []]);
});

Deno.test("throttling ends with the last subscription, so that a new one is streamed", () => {
  const recorder = new Recorder(PATHS.throttled);
  recorder.send(unsubscribe("positions", "market-data"));
  recorder.send(subscribe("positions"));
  assert.equal(recorder.state, "subscribed");
});

const CAUSES: readonly (readonly [string, ConnectionEvent, Cause])[] = [
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
  Deno.test(`${name} is remembered before the connection is released`, () => {
    const recorder = new Recorder();
    recorder.send(event);
    assert.deepEqual(recorder.released, cause);
    assert.deepEqual(recorder.actor.getSnapshot().context.ended, cause);
    assert.equal(recorder.actor.getSnapshot().status, "done");
  });
}

Deno.test("the first of two causes that come at once wins", () => {
  for (const [name, first, cause] of CAUSES.filter(([, { type }]) => type !== "REFUSED")) {
    for (const [, second] of CAUSES) {
      let releases = 0;
      // The second cause arrives while the effects of OPENED run: both wait in the mailbox.
      const actions = {
        welcome: ({ self }: { self: { send(event: ConnectionEvent): void } }) => {
          self.send(first);
          self.send(second);
        },
        release: () => void (releases += 1),
      };
      const actor = createActor(connectionMachine.provide({ actions })).start();
      actor.send(OPENED);
      assert.deepEqual(actor.getSnapshot().context.ended, cause, name);
      assert.equal(releases, 1);
    }
  }
});
