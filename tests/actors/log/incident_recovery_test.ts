import assert from "node:assert/strict";
import { recoverIncidents } from "../../../actors/log/incident_fold.ts";
import { MAX_RECOVERED_ALERTS, readAlerts } from "../../../actors/log/incident_recovery.ts";
import { Incidents, markAcknowledged } from "../../../actors/log/incidents.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";
import { emission } from "./incidents_model.ts";

const MINUTE = 60_000;

function recovered(...alerts: StoredEvent[]): Incidents {
  const incidents = new Incidents(300);
  recoverIncidents(incidents, alerts);
  return incidents;
}

/** An event of an incident that was acknowledged `at` ms after the start. */
function marked(event: StoredEvent, at: number): StoredEvent {
  const acknowledgement = { by: "desk", at: new Date(TEST_EPOCH + at).toISOString() };
  return {
    ...event,
    data: JSON.stringify(markAcknowledged(JSON.parse(event.data), acknowledgement)),
  };
}

/** What an incident would store for an emission so many ms after the start. */
function nextStatus(incidents: Incidents, ms: number): string {
  const event = incidents.stage().emit(emission("a", 100, TEST_EPOCH + ms));
  return JSON.parse(event.stored.data).status;
}

Deno.test("an incident whose acknowledgement is out of reach is told by its later emissions", () => {
  const incidents = recovered(marked(emission("a", 7, TEST_EPOCH + MINUTE), 0));
  assert.deepEqual(incidents.find("a")?.acknowledgement, {
    by: "desk",
    at: new Date(TEST_EPOCH).toISOString(),
  });
  assert.equal(nextStatus(incidents, 6 * MINUTE), "ACKNOWLEDGED");
  assert.equal(nextStatus(incidents, 6 * MINUTE + 1), "ACTIVE");
});

Deno.test("an acknowledgement alone does not prolong: the time of the alert stands in for its emission", () => {
  const copy = { ...emission("a", 7, TEST_EPOCH), timestamp: TEST_EPOCH + 4 * MINUTE };
  const incidents = recovered(marked(copy, 4 * MINUTE));
  assert.equal(nextStatus(incidents, 5 * MINUTE), "ACKNOWLEDGED");
  assert.equal(nextStatus(incidents, 5 * MINUTE + 1), "ACTIVE");
});

Deno.test("an alert from a clock that is ahead does not prolong either", () => {
  const ahead = emission("a", 7, TEST_EPOCH + 60 * MINUTE);
  const incidents = recovered(marked({ ...ahead, timestamp: TEST_EPOCH }, 0));
  assert.equal(nextStatus(incidents, 5 * MINUTE), "ACKNOWLEDGED");
  assert.equal(nextStatus(incidents, 5 * MINUTE + 1), "ACTIVE");
});

Deno.test("a shorter gap than before does not take an acknowledgement back", () => {
  const incidents = new Incidents(1);
  recoverIncidents(incidents, [
    emission("a", 1, TEST_EPOCH),
    marked({ ...emission("a", 2, TEST_EPOCH), timestamp: TEST_EPOCH + MINUTE }, MINUTE),
    marked(emission("a", 3, TEST_EPOCH + 2 * MINUTE), MINUTE),
  ]);
  const { first, last, acknowledgement } = incidents.find("a")!;
  assert.deepEqual([first, last, acknowledgement?.by], [1, 3, "desk"]);
});

Deno.test("a longer gap than before makes no acknowledged incident of an active one", () => {
  const incidents = recovered(
    marked(emission("a", 1, TEST_EPOCH), 0),
    emission("a", 2, TEST_EPOCH + MINUTE),
  );
  const { first, acknowledgement } = incidents.find("a")!;
  assert.deepEqual([first, acknowledgement], [2, undefined]);
});

Deno.test("an id that another trader uses is another incident, after a restart as well", () => {
  const incidents = recovered(
    { ...emission("a", 1, TEST_EPOCH), trader: "7" },
    { ...emission("a", 2, TEST_EPOCH + MINUTE), trader: "8" },
    { ...emission("a", 3, TEST_EPOCH + 2 * MINUTE), trader: "8" },
  );
  const { first, last } = incidents.find("a")!;
  assert.deepEqual([first, last], [2, 3]);
});

Deno.test("a key of an alert's details is no acknowledgement", () => {
  const data = '{"id":"a","status":"ACTIVE","violations":[{"details":{"acknowledgedAt":"x"}}]}';
  const incidents = recovered({ ...emission("a", 1, TEST_EPOCH), data });
  assert.equal(incidents.find("a")?.acknowledgement, undefined);
});

/** A store with so many alerts, which notes what was read. */
async function storeOf(alerts: number, dataLength = 0) {
  const store = new MemoryStore(100_000, "e1");
  const filler = "x".repeat(dataLength);
  await store.commit(Array.from({ length: alerts }, (_, index) => {
    const event = emission(`a${index}`, index + 1, TEST_EPOCH);
    return dataLength === 0 ? event : { ...event, data: filler };
  }));
  const limits: number[] = [];
  const read = store.read.bind(store);
  store.read = (channel, afterSeq, limit) => {
    limits.push(limit);
    return read(channel, afterSeq, limit);
  };
  return { store, limits };
}

for (const [stored, held] of [[0, 0], [10, 10], [1_000, 16], [1_000, 0], [300, 299]] as const) {
  Deno.test(`all of ${stored} alerts are read in order, ${held} of which are held`, async () => {
    const { store, limits } = await storeOf(stored);
    const newest = await store.read("risk-alerts", stored - held, Math.max(1, held)) ?? [];
    const alerts = await readAlerts(store, newest.slice(0, held));
    assert.deepEqual(
      alerts.map(({ seq }) => seq),
      Array.from({ length: stored }, (_, index) => index + 1),
    );
    assert.ok(Math.max(...limits) <= Math.max(256, held));
  });
}

Deno.test("no more is read than a start may", async () => {
  const { store } = await storeOf(MAX_RECOVERED_ALERTS + 500);
  const held = (await store.read("risk-alerts", MAX_RECOVERED_ALERTS + 484, 100))!;
  const alerts = await readAlerts(store, held);
  assert.deepEqual(
    [alerts.length, alerts[0]!.seq, alerts.at(-1)!.seq],
    [MAX_RECOVERED_ALERTS, 501, MAX_RECOVERED_ALERTS + 500],
  );
});

Deno.test("large alerts end the reading early", async () => {
  const { store } = await storeOf(1_000, 60_000);
  const alerts = await readAlerts(store, []);
  assert.deepEqual([alerts.length, alerts.at(-1)!.seq], [512, 1_000]);
});

Deno.test("alerts that retention takes away meanwhile are done without", async () => {
  const { store } = await storeOf(1_000);
  const read = store.read;
  store.read = (channel, afterSeq, limit) =>
    afterSeq < 500 ? Promise.resolve(undefined) : read(channel, afterSeq, limit);
  const alerts = await readAlerts(store, []);
  assert.deepEqual([alerts[0]!.seq, alerts.at(-1)!.seq], [745, 1_000]);
});
