import assert from "node:assert/strict";
import fc from "fast-check";
import { foldAlert, recoverIncidents } from "../../../actors/log/incident_fold.ts";
import {
  Incidents,
  markAcknowledged,
  MAX_INCIDENT_CHARACTERS,
  MAX_INCIDENTS,
} from "../../../actors/log/incidents.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";
import { emission, NaiveIncidents } from "./incidents_model.ts";

/** Histories tried; `FAST_CHECK_RUNS` in the environment asks for another number. */
const RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 500);

const GAP_SECONDS = 2;

interface Step {
  readonly kind: "emit" | "acknowledge";
  readonly id: string;
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("emit", "emit", "acknowledge"),
    id: fc.constantFrom("a", "b", "c"),
  }),
  { maxLength: 6 },
);

/** Turns, each some ms after the one before; some fail, after some the process starts again. */
const histories = fc.array(
  fc.record({
    afterMillis: fc.oneof(fc.constantFrom(0, 1, 1_999, 2_000, 2_001), fc.nat(3_000)),
    steps,
    fails: fc.boolean(),
    restarts: fc.boolean(),
  }),
  { maxLength: 20 },
);

Deno.test("property: incidents are those that the whole history tells, over failures and restarts", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const model = new NaiveIncidents(GAP_SECONDS * 1_000);
      let incidents = new Incidents(GAP_SECONDS);
      let stored: StoredEvent[] = [];
      let now = TEST_EPOCH;
      for (const { afterMillis, steps, fails, restarts } of history) {
        now += afterMillis;
        const past = model.past;
        const staged = incidents.stage();
        const events: StoredEvent[] = [];
        for (const { kind, id } of steps) {
          const seq = stored.length + events.length + 1;
          if (kind === "emit") {
            events.push(staged.emit(emission(id, seq, now)).stored);
            model.add(id, seq, now);
            const expected = model.latest(id)!.acknowledged;
            const { status, acknowledgedBy, acknowledgedAt } = JSON.parse(events.at(-1)!.data);
            assert.equal(status, expected ? "ACKNOWLEDGED" : "ACTIVE");
            assert.equal(acknowledgedBy, expected?.by);
            assert.equal(acknowledgedAt && Date.parse(acknowledgedAt), expected?.at);
            continue;
          }
          const incident = staged.find(id);
          assert.equal(incident === undefined, model.latest(id) === undefined);
          if (incident === undefined || incident.acknowledgement !== undefined) continue;
          const by = `desk ${seq}`;
          events.push(staged.acknowledge(incident, by, seq, now).stored);
          model.add(id, seq, now, by);
        }
        if (fails) {
          model.returnTo(past);
        } else {
          for (const event of events) foldAlert(incidents, { stored: event, acceptedAt: now });
          stored = [...stored, ...events];
        }
        if (restarts) {
          incidents = new Incidents(GAP_SECONDS);
          recoverIncidents(incidents, stored);
        }
        for (const id of ["a", "b", "c"]) {
          const { first, last, acknowledgement } = incidents.find(id) ?? {};
          const expected = model.latest(id);
          assert.deepEqual([first, last], [expected?.first, expected?.last]);
          assert.equal(acknowledgement?.by, expected?.acknowledged?.by);
        }
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("the mark replaces the status in its place and stands before the time", () => {
  const data =
    '{"id":"a","status":"ACTIVE","details":{"status":"x"},"createdAt":"t","timestamp":5}';
  const marked = markAcknowledged(JSON.parse(data), { by: 'o"ps', at: "now" });
  assert.equal(
    JSON.stringify(marked),
    '{"id":"a","status":"ACKNOWLEDGED","details":{"status":"x"},' +
      '"acknowledgedBy":"o\\"ps","acknowledgedAt":"now","createdAt":"t","timestamp":5}',
  );
});

/** Emits one event of each id. */
function emitAll(incidents: Incidents, ids: readonly string[], data?: string): void {
  const staged = incidents.stage();
  const emitted = ids.map((id, index) => {
    const event = emission(id, index + 1, TEST_EPOCH);
    return staged.emit(data === undefined ? event : { ...event, data }).stored;
  });
  recoverIncidents(incidents, emitted);
}

Deno.test("beyond the most incidents the one that was quiet for longest is forgotten", () => {
  const incidents = new Incidents(GAP_SECONDS);
  const ids = Array.from({ length: MAX_INCIDENTS }, (_, index) => `a${index}`);
  emitAll(incidents, ids);
  emitAll(incidents, ["a0", "new"]);
  assert.equal(incidents.size, MAX_INCIDENTS);
  assert.deepEqual(
    ["a0", "a1", "a2", "new"].map((id) => incidents.find(id) !== undefined),
    [true, false, true, true],
  );
});

Deno.test("large alerts are forgotten sooner, but never the newest", () => {
  const incidents = new Incidents(GAP_SECONDS);
  const data = "x".repeat(MAX_INCIDENT_CHARACTERS / 4);
  emitAll(incidents, ["a", "b", "c", "d"], data);
  assert.equal(incidents.size, 4);
  emitAll(incidents, ["d", "e"], data);
  assert.deepEqual(["a", "b", "e"].map((id) => incidents.find(id)?.last), [undefined, 2, 2]);
  emitAll(incidents, ["f"], "x".repeat(MAX_INCIDENT_CHARACTERS + 1));
  assert.deepEqual([incidents.size, incidents.find("f")?.last], [1, 1]);
});
