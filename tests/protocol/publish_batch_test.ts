import assert from "node:assert/strict";
import { MAX_REPORTED_FAULTS } from "../../protocol/publish.ts";
import {
  type BatchRefusal,
  describeFaults,
  MAX_FAULT_TEXT,
  parseBatch,
  reportedFaults,
} from "../../protocol/publish_batch.ts";
import { marketData, riskAlert, systemWarning } from "../support/events.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");

function refusalOf(values: readonly unknown[], maxEvents = 10): BatchRefusal {
  const result = parseBatch(values, maxEvents, NOON);
  assert.equal(result.ok, false);
  return (result as { refusal: BatchRefusal }).refusal;
}

Deno.test("a valid batch is every submission in its order", () => {
  const result = parseBatch([marketData("A", "1"), riskAlert("r"), marketData("B", "2")], 3, NOON);
  assert.ok(result.ok);
  assert.deepEqual(result.submissions.map(({ draft }) => draft.key), ["A", "r", "B"]);
});

Deno.test("a batch of too many events is refused before they are looked at", () => {
  const { code, message, faults } = refusalOf(["nonsense", "nonsense", "nonsense"], 2);
  assert.equal(code, "PAYLOAD_TOO_LARGE");
  assert.match(message, /at most 2 .*these are 3/);
  assert.deepEqual(faults, []);
});

Deno.test("an empty batch is a fault", () => {
  const { code, faults } = refusalOf([]);
  assert.deepEqual([code, faults[0]?.path], ["INVALID_EVENTS", "events"]);
});

Deno.test("one fault refuses the whole batch, and every fault is named by its event", () => {
  const { code, faults } = refusalOf([marketData("A", "1"), "nonsense", { channel: "weather" }]);
  assert.equal(code, "INVALID_EVENTS");
  assert.deepEqual(faults.map(({ path }) => path), ["events[1]", "events[2].channel"]);
});

Deno.test("faults come before the gateway's own channel, which is refused without any", () => {
  assert.equal(refusalOf([systemWarning("w"), "nonsense"]).code, "INVALID_EVENTS");
  for (const channel of ["system-warnings", "SYSTEM.WARNING"]) {
    const { code, faults } = refusalOf([marketData("A", "1"), { ...systemWarning("w"), channel }]);
    assert.deepEqual([code, faults], ["FORBIDDEN", []]);
  }
});

Deno.test("an answer counts and names up to a hundred faults", () => {
  const faults = Array.from({ length: 250 }, (_, i) => ({ path: `events[${i}]`, message: "no" }));
  assert.deepEqual(reportedFaults(faults), faults.slice(0, MAX_REPORTED_FAULTS));
  assert.equal(
    describeFaults(faults.slice(0, 99)),
    "nothing was stored; 99 faults, the first is events[0]: no",
  );
  assert.match(describeFaults(faults.slice(0, 100)), /; 100 faults or more, /);
  assert.match(describeFaults(faults.slice(0, 1)), /; 1 fault, /);
});

Deno.test("reading stops at the hundredth fault", () => {
  const read = new Set<number>();
  const values = Array.from({ length: 250 }, (_, index) => ({
    get channel() {
      read.add(index);
      return "weather";
    },
  }));
  const { faults } = refusalOf(values, 250);
  assert.deepEqual([faults.length, read.size], [MAX_REPORTED_FAULTS, MAX_REPORTED_FAULTS]);
});

Deno.test("a key as long as a message is clipped wherever a fault names it", () => {
  const { faults } = refusalOf([{ ...marketData("A", "1"), ["x".repeat(100_000)]: 1 }]);
  const [{ path, message } = { path: "", message: "" }] = reportedFaults(faults);
  assert.equal(path.length, MAX_FAULT_TEXT);
  assert.match(path, /^events\[0\]\.x+…$/);
  assert.ok(message.length <= MAX_FAULT_TEXT);
  assert.ok(describeFaults(faults).length < 3 * MAX_FAULT_TEXT);
});
