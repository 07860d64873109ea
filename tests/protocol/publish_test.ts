import assert from "node:assert/strict";
import fc from "fast-check";
import { CHANNELS } from "../../protocol/channels.ts";
import {
  type Fault,
  joinPath,
  MAX_EVENT_BYTES,
  parseSubmission,
  type Submission,
} from "../../protocol/publish.ts";
import { EXAMPLES, without } from "./events/payloads.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");

const PRICE = { channel: "market-data", data: EXAMPLES["market-data"].required };

function accepted(value: unknown): Submission {
  const result = parseSubmission(value, "events[3]", NOON);
  assert.ok(result.ok, JSON.stringify(result));
  return result.submission;
}

function faultsOf(value: unknown): readonly Fault[] {
  const result = parseSubmission(value, "events[3]", NOON);
  assert.equal(result.ok, false, JSON.stringify(value)?.slice(0, 200));
  const { faults } = result as { faults: readonly Fault[] };
  for (const { message } of faults) assert.notEqual(message, "");
  return faults;
}

const pathsOf = (value: unknown) => faultsOf(value).map(({ path }) => path);

Deno.test("a valid event of every channel is accepted", () => {
  for (const channel of CHANNELS) {
    const { draft, identity } = accepted({ channel, data: EXAMPLES[channel].required });
    assert.equal(draft.channel, channel);
    assert.equal(identity, undefined);
  }
});

Deno.test("channels may be named in any spelling, and are kept by their wire name", () => {
  assert.equal(accepted({ ...PRICE, channel: "Market.Data" }).draft.channel, "market-data");
});

Deno.test("whatever is published, the answer is a submission or at least one fault", () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record({
      channel: fc.oneof(fc.constantFrom(...CHANNELS), fc.jsonValue()),
      data: fc.jsonValue(),
      eventId: fc.jsonValue(),
      removed: fc.jsonValue(),
      id: fc.jsonValue(),
    }, { requiredKeys: [] }),
  );
  fc.assert(fc.property(anything, (value) => {
    const result = parseSubmission(value, "events[0]", NOON);
    return result.ok || result.faults.length > 0;
  }));
});

Deno.test("what is no object is named by its index", () => {
  for (const value of [null, undefined, 1, "event", [], true]) {
    assert.deepEqual(pathsOf(value), ["events[3]"]);
  }
});

Deno.test("a fault of the envelope is named by its key", () => {
  assert.deepEqual(pathsOf({ data: PRICE.data }), ["events[3].channel"]);
  assert.deepEqual(pathsOf({ ...PRICE, channel: "weather" }), ["events[3].channel"]);
  assert.deepEqual(pathsOf({ ...PRICE, eventId: "" }), ["events[3].eventId"]);
  assert.deepEqual(pathsOf({ ...PRICE, eventId: 7 }), ["events[3].eventId"]);
  assert.deepEqual(pathsOf({ ...PRICE, eventId: "x".repeat(129) }), ["events[3].eventId"]);
  assert.deepEqual(pathsOf({ ...PRICE, evenId: "1" }), ["events[3].evenId"]);
  assert.deepEqual(pathsOf({ channel: "market-data" }), ["events[3].data"]);
  assert.deepEqual(pathsOf({ ...PRICE, data: [] }), ["events[3].data"]);
});

Deno.test("every fault of a payload is named by its path", () => {
  const data = { ...without(PRICE.data, "source"), price: 1.5, isSnapshot: "no" };
  assert.deepEqual(pathsOf({ ...PRICE, data }).sort(), [
    "events[3].data.isSnapshot",
    "events[3].data.price",
    "events[3].data.source",
  ]);
});

Deno.test("a fault deep in a payload is named by its whole path", () => {
  const violations = [
    { type: "BUDGET", message: "m", details: {} },
    { type: "WEATHER", message: "m", details: {} },
  ];
  const data = { ...EXAMPLES["risk-alerts"].required, violations };
  assert.deepEqual(pathsOf({ channel: "risk-alerts", data }), [
    "events[3].data.violations[1].type",
  ]);
});

Deno.test("a key that a payload does not know is named", () => {
  const [fault] = faultsOf({ ...PRICE, data: { ...PRICE.data, prize: "1" } });
  assert.match(`${fault!.path} ${fault!.message}`, /events\[3\]\.data.*prize/);
});

Deno.test("an event may have 64 KiB of data, counted in bytes as it goes out", () => {
  const violations = new Array(15).fill({
    type: "UNKNOWN",
    message: "x".repeat(4_096),
    details: {},
  });
  const alert = { ...EXAMPLES["risk-alerts"].required, violations, message: "" };
  const size = accepted({ channel: "risk-alerts", data: alert }).draft.data.length;
  const room = MAX_EVENT_BYTES - size;
  assert.ok(room > 0 && room <= 4_096, `the filling must fit into the message: ${room}`);
  const filled = (message: string) => ({ channel: "risk-alerts", data: { ...alert, message } });
  assert.equal(accepted(filled("x".repeat(room))).draft.data.length, 65_536);
  assert.deepEqual(pathsOf(filled("x".repeat(room + 1))), ["events[3].data"]);
  // As many characters, but more bytes.
  assert.deepEqual(pathsOf(filled("ü" + "x".repeat(room - 1))), ["events[3].data"]);
});

Deno.test("a removal names a key of a channel with a snapshot", () => {
  for (const channel of ["positions", "trader-status", "market-data"]) {
    const { draft } = accepted({ channel, id: "k", removed: true });
    assert.equal(draft.ends, "removed");
    assert.equal(draft.key, "k");
  }
  for (const channel of ["risk-alerts", "system-warnings"]) {
    assert.deepEqual(pathsOf({ channel, id: "k", removed: true }), ["events[3].removed"]);
  }
});

Deno.test("a removal that is not meant so is a fault", () => {
  const removal = { channel: "positions", id: "k", removed: true };
  assert.deepEqual(pathsOf({ ...removal, removed: false }), ["events[3].removed"]);
  assert.deepEqual(pathsOf({ ...removal, removed: "true" }), ["events[3].removed"]);
  assert.deepEqual(pathsOf({ ...removal, id: "" }), ["events[3].id"]);
  assert.deepEqual(pathsOf(without(removal, "id")), ["events[3].id"]);
  assert.deepEqual(pathsOf({ ...removal, data: {} }), ["events[3].data"]);
});

Deno.test("a retry has the same identity although the time it was given is another", () => {
  const event = { ...PRICE, eventId: "e-1" };
  const first = parseSubmission(event, "e", NOON);
  const retry = parseSubmission(structuredClone(event), "e", NOON + 5_000);
  assert.ok(first.ok && retry.ok);
  assert.notEqual(first.submission.draft.data, retry.submission.draft.data);
  assert.equal(first.submission.identity?.eventId, "e-1");
  assert.deepEqual(first.submission.identity, retry.submission.identity);
});

Deno.test("the order of keys does not make another payload, another value does", () => {
  const event = { ...PRICE, eventId: "e-1" };
  const reordered = { ...event, data: Object.fromEntries(Object.entries(PRICE.data).reverse()) };
  const changed = { ...event, data: { ...PRICE.data, price: "1" } };
  assert.equal(accepted(reordered).identity?.payload, accepted(event).identity?.payload);
  assert.notEqual(accepted(changed).identity?.payload, accepted(event).identity?.payload);
});

Deno.test("the removal of another key under the same eventId is another payload", () => {
  const payloadOf = (id: string) =>
    accepted({ channel: "positions", id, removed: true, eventId: "e-1" }).identity?.payload;
  assert.equal(payloadOf("a"), payloadOf("a"));
  assert.notEqual(payloadOf("a"), payloadOf("b"));
});

Deno.test("paths are written the way people do", () => {
  assert.equal(["a", "b", 2, "c"].reduce<string>(joinPath, ""), "a.b[2].c");
});
