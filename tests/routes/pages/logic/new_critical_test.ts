import assert from "node:assert/strict";
import type { Alert } from "../../../../routes/pages/logic/alerts.ts";
import { NewCritical } from "../../../../routes/pages/logic/new_critical.ts";

const alert = (id: string, severity = "CRITICAL", status = "ACTIVE") =>
  ({ id, severity, status }) as unknown as Alert;

function primed(...there: Alert[]): NewCritical {
  const alerts = new NewCritical();
  assert.deepEqual(alerts.take(there, []), [], "what was there is not announced");
  return alerts;
}

const idsOf = (alerts: readonly Alert[]) => alerts.map(({ id }) => id);

Deno.test("a critical alert is announced once, however often the core reports it", () => {
  const alerts = primed();
  assert.deepEqual(idsOf(alerts.take([alert("a"), alert("w", "WARNING")], [])), ["a"]);
  assert.deepEqual(alerts.take([alert("a")], []), []);
});

Deno.test("what was there when the page was opened is not announced when it is reported again", () => {
  assert.deepEqual(primed(alert("a")).take([alert("a")], []), []);
});

Deno.test("an id that was acknowledged, or left, and comes back is announced again", () => {
  const alerts = primed(alert("a"), alert("b"));
  assert.deepEqual(alerts.take([alert("a", "CRITICAL", "ACKNOWLEDGED")], ["b"]), []);
  assert.deepEqual(idsOf(alerts.take([alert("a"), alert("b")], [])), ["a", "b"]);
});

Deno.test("an alert that becomes critical is announced", () => {
  const alerts = primed(alert("a", "WARNING"));
  assert.deepEqual(idsOf(alerts.take([alert("a")], [])), ["a"]);
});
