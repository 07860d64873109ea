import assert from "node:assert/strict";
import fc from "fast-check";
import { CHANNELS } from "../../../protocol/channels.ts";
import { MAX_IGNORED_FIELDS } from "../../../protocol/events/intake.ts";
import {
  type Fault,
  MAX_REPORTED_FAULTS,
  parseSubmission,
  type SubmissionOptions,
} from "../../../protocol/publish.ts";
import {
  marketData,
  position,
  riskAlert,
  traderMetrics,
  traderStatus,
} from "../../support/events.ts";
import { EXAMPLES } from "./payloads.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");

type Fields = Readonly<Record<string, unknown>>;

/** An event of each channel with every field. */
const FULL = CHANNELS.map((channel) => {
  const { required, defaults, optional } = EXAMPLES[channel];
  return { channel, data: { ...required, ...defaults, ...optional } as Fields };
});

function accepted(value: unknown, options?: SubmissionOptions) {
  const result = parseSubmission(value, "e", NOON, options);
  assert.ok(result.ok, JSON.stringify(result));
  const { submission, ignored } = result;
  assert.deepEqual(submission.ignored, ignored);
  return { data: JSON.parse(submission.draft.data) as Fields, ignored, draft: submission.draft };
}

function faultsOf(value: unknown, options?: SubmissionOptions): readonly Fault[] {
  const result = parseSubmission(value, "e", NOON, options);
  assert.ok(!result.ok, "it was accepted");
  assert.ok(result.faults.length > 0 && result.faults.length <= MAX_REPORTED_FAULTS);
  return result.faults;
}

const pathsOf = (value: unknown, options?: SubmissionOptions) =>
  faultsOf(value, options).map(({ path }) => path);

Deno.test("null is absent, on every channel and at any depth", () => {
  for (const { channel, data } of FULL) {
    const { required, defaults, optional } = EXAMPLES[channel];
    const nulls = Object.fromEntries(
      Object.keys({ ...defaults, ...optional }).map((key) => [key, null]),
    );
    const without = accepted({ channel, data: required });
    const withNulls = accepted({ channel, data: { ...required, ...nulls, nobodyKnows: null } });
    assert.deepEqual(withNulls, without, channel);
    for (const key of Object.keys(required)) {
      assert.deepEqual(faultsOf({ channel, data: { ...data, [key]: null } }), [
        { path: `e.data.${key}`, message: "is missing" },
      ]);
    }
  }
  const metrics = Object.fromEntries(Object.keys(traderMetrics()).map((key) => [key, null]));
  assert.deepEqual(
    accepted(traderStatus("1", { metrics })).data,
    accepted(traderStatus("1", { metrics: {} })).data,
  );
  assert.equal(accepted({ ...marketData("A", "1"), eventId: null, removed: null }).data["id"], "A");
});

Deno.test("type, channel and timestamp may stand in data, and go no further", () => {
  for (const { channel, data } of FULL) {
    const spelled = channel.toUpperCase().replaceAll("-", "_");
    const written = { type: "com.example.Event", ...data, channel: spelled, timestamp: NOON - 5 };
    assert.deepEqual(accepted({ channel, data: written }), accepted({ channel, data }), channel);
  }
});

Deno.test("timestamp is the time of an event that brings no ISO time", () => {
  const { data, draft } = accepted(marketData("A", "1", { timestamp: NOON - 1_500 }));
  assert.equal(data["updatedAt"], "2026-01-31T11:59:58.500Z");
  assert.equal(data["timestamp"], NOON - 1_500);
  assert.equal(draft.time, "2026-01-31T11:59:58.500Z");
  assert.equal(
    accepted(riskAlert("a", { timestamp: 0 })).data["createdAt"],
    "1970-01-01T00:00:00.000Z",
  );
  const last = 253_402_300_799_999;
  assert.equal(accepted(marketData("A", "1", { timestamp: last })).data["timestamp"], last);
});

Deno.test("a type, channel or timestamp that cannot be meant is a fault", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ...[1, true, {}, []].map((value) => ["type", value] as const),
    ...["positions", "weather", "", 1, {}].map((value) => ["channel", value] as const),
    ...[-1, 0.5, 253_402_300_800_000, "0", Infinity, {}].map((value) =>
      ["timestamp", value] as const
    ),
  ];
  for (const [key, value] of wrong) {
    assert.deepEqual(pathsOf(marketData("A", "1", { [key]: value })), [`e.data.${key}`]);
  }
});

Deno.test("a field that nobody knows is left out and named, at any depth", () => {
  const { data, ignored } = accepted(traderStatus("1", {
    venue: "X",
    metrics: { ...traderMetrics(), calmar: { deep: [[[]]] } },
  }));
  assert.deepEqual(ignored, ["e.data.venue", "e.data.metrics.calmar"]);
  assert.deepEqual(data, accepted(traderStatus("1", { metrics: traderMetrics() })).data);
  const violation = { type: "BUDGET", message: "m", details: {}, limit: 1 };
  assert.deepEqual(accepted(riskAlert("a", { violations: [violation] })).ignored, [
    "e.data.violations[0].limit",
  ]);
});

Deno.test("an event without unknown fields names none", () => {
  for (const event of FULL) assert.equal(accepted(event).ignored, undefined, event.channel);
});

Deno.test("what an object inherits is not a known field", () => {
  const { ignored } = accepted(marketData("A", "1", { constructor: 1, toString: 2 }));
  assert.deepEqual(ignored, ["e.data.constructor", "e.data.toString"]);
});

Deno.test("32 unknown fields of an event are left out, one more is a fault", () => {
  const unknown = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`unknown${index}`, index]));
  assert.equal(MAX_IGNORED_FIELDS, 32);
  assert.equal(accepted(marketData("A", "1", unknown(32))).ignored?.length, 32);
  assert.deepEqual(faultsOf(marketData("A", "1", unknown(33))), [
    { path: "e.data", message: "more than 32 unknown fields in an event" },
  ]);
  const metrics = { ...traderMetrics(), ...unknown(1) };
  assert.deepEqual(pathsOf(traderStatus("1", { ...unknown(32), metrics })), ["e.data.metrics"]);
});

Deno.test("a field one edit away from a known one is a fault that names the known one", () => {
  const misspelled = {
    stopLosPrice: "stopLossPrice",
    stopLossPrices: "stopLossPrice",
    stopLossprice: "stopLossPrice",
    stopLsosPrice: "stopLossPrice",
    timestamps: "timestamp",
    tpye: "type",
  };
  for (const [key, meant] of Object.entries(misspelled)) {
    assert.deepEqual(faultsOf(position("p", { [key]: "1" })), [
      { path: `e.data.${key}`, message: `unknown field; did you mean ${meant}?` },
    ]);
  }
  const metrics = { ...traderMetrics(), totalProfits: "1" };
  assert.deepEqual(pathsOf(traderStatus("1", { metrics })), ["e.data.metrics.totalProfits"]);
  assert.deepEqual(accepted(position("p", { stoplosprice: "1" })).ignored, ["e.data.stoplosprice"]);
});

Deno.test("property: whatever single edit is made to a known key, the result is refused", () => {
  const known = Object.keys(FULL.find(({ channel }) => channel === "positions")!.data);
  const transport = ["type", "channel", "timestamp"];
  const text = fc.string({ minLength: 0, maxLength: 1, unit: fc.constantFrom("a", "P", "_") });
  const edited = fc.tuple(fc.constantFrom(...known, ...transport), fc.nat(20), fc.nat(1), text);
  fc.assert(fc.property(edited, ([key, at, drop, insert]) => {
    const from = Math.min(at, key.length);
    const other = key.slice(0, from) + insert + key.slice(from + drop);
    fc.pre(other !== key && !known.includes(other) && !transport.includes(other));
    const [fault] = faultsOf(position("p", { [other]: "x" }));
    return fault!.path === `e.data.${other}` && fault!.message.startsWith("unknown field; did you");
  }));
});

Deno.test("unknownFields=reject makes every unknown field a fault", () => {
  const options = { unknownFields: "reject" } as const;
  const event = marketData("A", "1", { venue: "X", type: "T", channel: "MARKET_DATA" });
  assert.deepEqual(faultsOf(event, options), [
    { path: "e.data.venue", message: "unknown field" },
  ]);
  assert.equal(accepted(marketData("A", "1", { type: "T" }), options).ignored, undefined);
});

Deno.test("numbers and booleans in details become text, null stays", () => {
  const details = { n: 12.5, zero: -0, big: 1.0e20, yes: true, no: false, none: null, text: "1" };
  const violation = { type: "BUDGET", message: "m", details };
  const { data } = accepted(riskAlert("a", { violations: [violation] }));
  assert.deepEqual((data["violations"] as Fields[])[0]!["details"], {
    n: "12.5",
    zero: "0",
    big: "100000000000000000000",
    yes: "true",
    no: "false",
    none: null,
    text: "1",
  });
});

Deno.test("a negative zero goes out as 0, and doubles of any size pass", () => {
  const { data } = accepted(marketData("A", "1", { change24h: -0 }));
  assert.ok(Object.is(data["change24h"], 0));
  const metrics = traderMetrics({ profitFactor: 1.0e20, sharpeRatio: -1.0e300 });
  const sent = accepted(traderStatus("1", { metrics })).data["metrics"] as Fields;
  assert.equal(sent["profitFactor"], 1.0e20);
  assert.equal(sent["sharpeRatio"], -1.0e300);
  assert.deepEqual(pathsOf(marketData("A", "1", { change24h: JSON.parse("1e999") })), [
    "e.data.change24h",
  ]);
});

Deno.test("__proto__ is a fault wherever it stands, and changes nothing", () => {
  const own = (text: string) => JSON.parse(text) as Fields;
  const inData = own(`{"__proto__":{"price":"1"},"symbol":"A","source":"s"}`);
  assert.ok(pathsOf({ channel: "market-data", data: inData }).includes("e.data.__proto__"));
  const details = own(`{"__proto__":"x"}`);
  const violations = [{ type: "BUDGET", message: "m", details }];
  assert.deepEqual(pathsOf(riskAlert("a", { violations })), [
    "e.data.violations[0].details.__proto__",
  ]);
  const envelope = own(`{"channel":"market-data","__proto__":{"eventId":"1"},"data":{}}`);
  assert.deepEqual(pathsOf(envelope), ["e.__proto__"]);
});

Deno.test("an id that a price gets from its symbol is measured as it goes out", () => {
  // Each ß is two characters in upper case.
  assert.equal(accepted(marketData("ß".repeat(64), "1")).draft.key.length, 128);
  assert.deepEqual(pathsOf(marketData("ß".repeat(65), "1")), ["e.data.symbol"]);
  assert.equal(accepted(marketData("ß".repeat(65), "1", { id: "s" })).draft.key, "s");
});

Deno.test("a time beyond the year 9999 is refused with the reason", () => {
  const [fault] = faultsOf(marketData("A", "1", { updatedAt: "+10000-01-01T00:00:00Z" }));
  assert.equal(fault!.path, "e.data.updatedAt");
  assert.match(fault!.message, /the year must be within 0000 to 9999/);
});

Deno.test("reading stops at the first hundred faults of an event", () => {
  const entries = Array.from({ length: 130_000 }, (_, index) => [`k${index}`, {}]);
  const violation = { type: "BUDGET", message: "m", details: Object.fromEntries(entries) };
  const faults = faultsOf(riskAlert("a", { violations: [violation] }));
  assert.equal(faults.length, MAX_REPORTED_FAULTS);
  assert.equal(faults[0]!.path, "e.data.violations[0].details.k0");
  assert.equal(faults[99]!.path, "e.data.violations[0].details.k99");
  const list = new Array(100).fill({ type: 1, message: 1, details: 1 });
  assert.equal(faultsOf(riskAlert("a", { violations: list })).length, MAX_REPORTED_FAULTS);
});

Deno.test("a list or a map that is too long is one fault, however long", () => {
  assert.deepEqual(pathsOf(riskAlert("a", { violations: new Array(1_000_000).fill(null) })), [
    "e.data.violations",
  ]);
  const entries = Array.from({ length: 20_000 }, (_, index) => [`k${index}`, ""]);
  const violation = { type: "BUDGET", message: "m", details: Object.fromEntries(entries) };
  assert.deepEqual(pathsOf(riskAlert("a", { violations: [violation] })), [
    "e.data.violations[0].details",
  ]);
});

/** Arrays in arrays. */
function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

Deno.test("no value of any field makes the parser throw, or is accepted in place of another type", () => {
  const hostile: readonly unknown[] = [
    { length: nested(3_000) },
    nested(3_000),
    { length: 1e9 },
    { toString: "x", valueOf: 1 },
    JSON.parse(`{"__proto__":{"length":1}}`),
  ];
  for (const { channel, data } of FULL) {
    for (const [key, known] of Object.entries(data)) {
      for (const value of hostile) {
        if (typeof known === "object" && !Array.isArray(known) && !Array.isArray(value)) {
          parseSubmission({ channel, data: { ...data, [key]: value } }, "e", NOON);
          continue; // An object in the place of an object may be valid.
        }
        const [fault] = faultsOf({ channel, data: { ...data, [key]: value } });
        assert.ok(fault!.path.startsWith(`e.data.${key}`), `${fault!.path}: ${fault!.message}`);
      }
    }
  }
  for (const value of hostile) {
    assert.deepEqual(pathsOf({ ...marketData("A", "1"), eventId: value }), ["e.eventId"]);
    assert.deepEqual(pathsOf({ ...marketData("A", "1"), channel: value }), ["e.channel"]);
    assert.deepEqual(pathsOf({ channel: "positions", id: value, removed: true }), ["e.id"]);
    assert.deepEqual(pathsOf({ channel: "positions", id: "p", removed: value }), ["e.removed"]);
    assert.ok(pathsOf({ channel: "market-data", data: value }).length > 0);
  }
});

Deno.test("property: a known field of another type is a fault at that field or below", () => {
  const cases = FULL.flatMap(({ channel, data }) =>
    Object.entries(data).map(([key, value]) => ({ channel, data, key, type: typeof value }))
  );
  fc.assert(fc.property(fc.constantFrom(...cases), fc.jsonValue(), (one, value) => {
    fc.pre(value !== null && typeof value !== one.type);
    const data = { ...one.data, [one.key]: value };
    return pathsOf({ channel: one.channel, data }).every((path) =>
      path.startsWith(`e.data.${one.key}`)
    );
  }));
});
