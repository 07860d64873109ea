import assert from "node:assert/strict";
import type { Alert } from "../../../../routes/pages/logic/alerts.ts";
import {
  countIncidents,
  IncidentBook,
  isOpen,
  MAX_INCIDENTS,
  mostUrgent,
} from "../../../../routes/pages/logic/incidents.ts";

const MINUTE = 60_000;

function alert(id: string, fields: Partial<Alert> = {}): Alert {
  return {
    id,
    traderId: "1",
    severity: "WARNING",
    message: "m",
    violations: [],
    status: "ACTIVE",
    createdAt: "2026-01-01T00:00:00Z",
    timestamp: 0,
    ...fields,
  };
}

const TAKEN = { status: "ACKNOWLEDGED", acknowledgedBy: "desk", acknowledgedAt: "x" };

/** A book with events of `[minute, alert]`, numbered from 1. */
function bookOf(...events: (readonly [minute: number, data: Alert])[]): IncidentBook {
  const book = new IncidentBook();
  events.forEach(([minute, data], index) => {
    book.add({ seq: index + 1, timestamp: minute * MINUTE, data });
  });
  return book;
}

const shortOf = (book: IncidentBook) =>
  [...book.incidents.values()].map(({ key, count, since, last, over }) => ({
    key,
    count,
    since: since / MINUTE,
    last: last / MINUTE,
    over,
  }));

Deno.test("events of one id with gaps of at most five minutes are one incident", () => {
  const book = bookOf([0, alert("a")], [5, alert("a")], [6, alert("b")], [10, alert("a")]);
  assert.deepEqual(shortOf(book), [
    { key: "a@1", count: 3, since: 0, last: 10, over: false },
    { key: "b@3", count: 1, since: 6, last: 6, over: false },
  ]);
});

Deno.test("after a longer gap the id has another incident, and the earlier one is over", () => {
  const book = bookOf([0, alert("a")], [5.01, alert("a")]);
  assert.deepEqual(shortOf(book).map(({ key, over }) => [key, over]), [["a@1", true], [
    "a@2",
    false,
  ]]);
  assert.deepEqual([...book.incidents.values()].map(isOpen), [false, true]);
});

Deno.test("an acknowledgement is no report, what the core reports after it is", () => {
  const book = bookOf([0, alert("a")], [1, alert("a", TAKEN)], [2, alert("a", TAKEN)]);
  assert.deepEqual(shortOf(book), [{ key: "a@1", count: 2, since: 0, last: 2, over: false }]);
  assert.equal(isOpen(book.incidents.get("a@1")!), false);
});

Deno.test("an id that is active again, or of another trader, has another incident", () => {
  const again = bookOf([0, alert("a")], [1, alert("a", TAKEN)], [2, alert("a")]);
  assert.deepEqual(shortOf(again).map(({ key }) => key), ["a@1", "a@3"]);
  const other = bookOf([0, alert("a")], [1, alert("a", { traderId: "2" })]);
  assert.deepEqual(shortOf(other).map(({ key }) => key), ["a@1", "a@2"]);
});

Deno.test("an event that is known already changes nothing", () => {
  const book = bookOf([0, alert("a")]);
  assert.deepEqual(book.add({ seq: 1, timestamp: 0, data: alert("a") }), []);
  assert.deepEqual(book.add({ seq: 2, timestamp: 1, data: alert("a") }), ["a@1"]);
});

Deno.test("incidents are bounded, the oldest leave", () => {
  const book = new IncidentBook();
  for (let seq = 1; seq <= MAX_INCIDENTS + 1; seq += 1) {
    book.add({ seq, timestamp: 0, data: alert(`a${seq}`) });
  }
  assert.equal(book.incidents.size, MAX_INCIDENTS);
  assert.equal(book.incidents.has("a1@1"), false);
});

Deno.test("what waits is counted by severity, with the oldest and the traders", () => {
  const book = bookOf(
    [1, alert("a", { severity: "CRITICAL" })],
    [2, alert("b", { traderId: "2" })],
    [3, alert("c")],
    [4, alert("c", TAKEN)],
    [4, alert("d", { severity: "CRITICAL", traderId: "2" })],
  );
  assert.deepEqual(countIncidents(book.incidents), {
    open: { CRITICAL: 2, WARNING: 1, INFO: 0 },
    oldest: MINUTE,
    traders: 2,
    emitted: 4,
  });
  assert.equal(mostUrgent(book.incidents)!.key, "d@5", "of the gravest the latest");
  assert.equal(mostUrgent(new Map()), undefined);
});
