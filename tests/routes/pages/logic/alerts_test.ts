import assert from "node:assert/strict";
import {
  type Alert,
  byUrgency,
  oldestOf,
  unacknowledged,
} from "../../../../routes/pages/logic/alerts.ts";

function alert(id: string, severity: Alert["severity"], status: string, timestamp: number): Alert {
  const createdAt = new Date(timestamp).toISOString();
  return { id, severity, status, timestamp, createdAt, message: id, violations: [] };
}

const ALERTS = [
  alert("taken", "CRITICAL", "ACKNOWLEDGED", 50),
  alert("info", "INFO", "ACTIVE", 40),
  alert("old", "CRITICAL", "ACTIVE", 10),
  alert("new", "CRITICAL", "ACTIVE", 30),
  alert("over", "WARNING", "RESOLVED", 60),
];

Deno.test("alerts that nobody has taken come first, the worst and latest of them at the top", () => {
  const order = [...ALERTS].sort(byUrgency).map(({ id }) => id);
  assert.deepEqual(order, ["new", "old", "info", "taken", "over"]);
});

Deno.test("what was acknowledged or ended by the core waits for nobody", () => {
  const open = unacknowledged(new Map(ALERTS.map((one) => [one.id, one])));
  assert.deepEqual(open.map(({ id }) => id), ["new", "old", "info"]);
  assert.equal(oldestOf(open), 10);
  assert.equal(oldestOf([]), undefined);
});
