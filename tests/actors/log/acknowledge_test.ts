import assert from "node:assert/strict";
import { acknowledgeAlerts } from "../../../actors/log/event_log.ts";
import { riskAlert } from "../../support/events.ts";
import { settle, TEST_EPOCH } from "../../support/test_clock.ts";
import { Fixture, refused, submission } from "./local_log_fixture.ts";

const GAP_SECONDS = 300;
const GAP_MS = GAP_SECONDS * 1_000;

/** A time after the start, as acknowledgements name it. */
function iso(ms: number): string {
  return new Date(TEST_EPOCH + ms).toISOString();
}

/** The status of every alert that was fanned out, with who acknowledged it. */
function statuses(fixture: Fixture): string[] {
  return fixture.alerts.map(([, { id, status, acknowledgedBy }]) =>
    [id, status, ...(acknowledgedBy === undefined ? [] : [acknowledgedBy])].join(" ")
  );
}

Deno.test("an acknowledgement is a copy of the last emission that says who and when, before its time", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a", { message: "first" })]);
  await fixture.publish([riskAlert("a", { message: "second", createdAt: iso(0) })]);
  fixture.clock.advance(7_000);
  const [alert] = await fixture.acknowledge([{ id: "a" }]);
  assert.deepEqual(alert, {
    id: "a",
    seq: 3,
    status: "ACKNOWLEDGED",
    acknowledgedBy: "desk",
    acknowledgedAt: iso(7_000),
  });
  const { stored } = fixture.streams.get("risk-alerts")!.log.get(3)!;
  assert.deepEqual([stored.key, stored.timestamp, stored.time], ["a", TEST_EPOCH + 7_000, iso(0)]);
  const [, emitted] = fixture.alerts[1]!;
  const { createdAt, timestamp, ...rest } = emitted;
  assert.equal(
    stored.data,
    JSON.stringify({
      ...rest,
      status: "ACKNOWLEDGED",
      acknowledgedBy: "desk",
      acknowledgedAt: iso(7_000),
      createdAt,
      timestamp,
    }),
  );
});

Deno.test("it is committed before it is answered or fanned out", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  const gate = Promise.withResolvers<void>();
  fixture.store.gate = gate.promise;
  let answered = false;
  const receipt = acknowledgeAlerts(fixture.eventLog, "desk", [{ id: "a" }])
    .then(() => answered = true);
  await fixture.clock.advanceAsync(0);
  assert.equal(fixture.store.batches.length, 2);
  assert.deepEqual([answered, fixture.alerts.length], [false, 1]);
  gate.resolve();
  await receipt;
  assert.equal(fixture.alerts.length, 2);
});

Deno.test("later emissions of the incident carry it, each within the gap of the one before", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  await fixture.acknowledge([{ id: "a" }]);
  for (let n = 0; n < 3; n++) {
    fixture.clock.advance(GAP_MS);
    await fixture.publish([riskAlert("a", { message: `${n}` }), riskAlert("b")]);
  }
  assert.deepEqual(
    statuses(fixture),
    [
      "a ACTIVE",
      "a ACKNOWLEDGED desk",
      ...Array(3).fill(["a ACKNOWLEDGED desk", "b ACTIVE"]).flat(),
    ],
  );
  const [, last] = fixture.alerts.at(-2)!;
  assert.deepEqual([last.message, last.acknowledgedAt], ["2", iso(0)]);
});

Deno.test("after the gap the alert is active again; an acknowledgement does not prolong the incident", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  fixture.clock.advance(GAP_MS - 1);
  await fixture.acknowledge([{ id: "a" }]);
  fixture.clock.advance(2);
  await fixture.publish([riskAlert("a")]);
  assert.deepEqual(statuses(fixture), ["a ACTIVE", "a ACKNOWLEDGED desk", "a ACTIVE"]);
});

Deno.test("acknowledging again answers who was first and publishes nothing", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  const first = await fixture.acknowledge([{ id: "a" }], "early");
  fixture.clock.advance(1_000);
  assert.deepEqual(await fixture.acknowledge([{ id: "a" }, { id: "a", seq: 1 }], "late"), [
    ...first,
    ...first,
  ]);
  assert.equal(fixture.alerts.length, 2);
  await fixture.publish([riskAlert("a")]);
  const [again] = await fixture.acknowledge([{ id: "a" }], "late");
  assert.deepEqual(again, { ...first[0], seq: 3 });
});

Deno.test("requests of one turn see each other in the order they came", async () => {
  const fixture = new Fixture();
  const { eventLog, clock } = fixture;
  const answers = Promise.all([
    eventLog.append("p", [submission(riskAlert("a"))]),
    acknowledgeAlerts(eventLog, "early", [{ id: "a" }]),
    acknowledgeAlerts(eventLog, "late", [{ id: "a" }]),
    eventLog.append("p", [submission(riskAlert("a"))]),
  ]);
  await clock.advanceAsync(0);
  const [, early, late] = await answers;
  assert.deepEqual([early.alerts[0]!.seq, late.alerts], [2, early.alerts]);
  assert.deepEqual([early.changed, late.changed], [["a"], []]);
  assert.equal(fixture.store.batches.length, 1);
  assert.deepEqual(statuses(fixture), [
    "a ACTIVE",
    "a ACKNOWLEDGED early",
    "a ACKNOWLEDGED early",
  ]);
});

Deno.test("a list is acknowledged whole or not at all, and the error names what is unknown", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a"), riskAlert("b")]);
  const unknown = [{ id: "a" }, { id: "x" }, { id: "b" }, { id: 'y"' }];
  const error = await refused(fixture.acknowledge(unknown));
  assert.equal(error.code, "ALERT_NOT_FOUND");
  assert.match(error.message, /"x".*"y\\""/);
  assert.deepEqual(error.faults.map(({ path }) => path), ["alerts[1]", "alerts[3]"]);
  assert.equal(fixture.alerts.length, 2);
  assert.deepEqual((await fixture.acknowledge([{ id: "b" }, { id: "a" }])).map(({ id }) => id), [
    "b",
    "a",
  ]);
});

Deno.test("a number of the latest incident will do; one of an older incident acknowledges nothing", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a"), riskAlert("a")]);
  fixture.clock.advance(GAP_MS + 1);
  await fixture.publish([riskAlert("a"), riskAlert("b"), riskAlert("a")]);
  for (const seq of [1, 2]) {
    const error = await refused(fixture.acknowledge([{ id: "a", seq }]));
    assert.equal(error.code, "ALERT_NOT_FOUND");
    assert.match(error.message, /newer incident of alert "a" has begun with event 3/);
  }
  for (const seq of [4, 6, 1_000]) {
    const error = await refused(fixture.acknowledge([{ id: "a", seq }]));
    assert.match(error.message, new RegExp(`event ${seq} is not of alert "a"; its last is 5`));
  }
  assert.equal(fixture.alerts.length, 5);
  assert.equal((await fixture.acknowledge([{ id: "a", seq: 3 }]))[0]!.seq, 6);
  assert.equal((await fixture.acknowledge([{ id: "a", seq: 5 }]))[0]!.seq, 6);
});

Deno.test("an incident can be acknowledged long after its gap", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  fixture.clock.advance(100 * GAP_MS);
  await fixture.acknowledge([{ id: "a", seq: 1 }]);
  fixture.clock.advance(1);
  await fixture.publish([riskAlert("a")]);
  assert.deepEqual(statuses(fixture), ["a ACTIVE", "a ACKNOWLEDGED desk", "a ACTIVE"]);
});

Deno.test("a commit that fails leaves no incident and no acknowledgement behind", async () => {
  const fixture = new Fixture();
  fixture.store.failures = 1;
  await fixture.refusal([riskAlert("a")]);
  assert.equal((await refused(fixture.acknowledge([{ id: "a" }]))).code, "ALERT_NOT_FOUND");
  await fixture.publish([riskAlert("a")]);
  fixture.store.failures = 1;
  const error = await refused(fixture.acknowledge([{ id: "a" }]));
  assert.equal(error.code, "STORE_UNAVAILABLE");
  await fixture.publish([riskAlert("a")]);
  assert.deepEqual(statuses(fixture), ["a ACTIVE", "a ACTIVE"]);
  assert.equal((await fixture.acknowledge([{ id: "a" }]))[0]!.seq, 3);
});

Deno.test("acknowledging what is acknowledged needs no store", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("a")]);
  await fixture.acknowledge([{ id: "a" }]);
  fixture.store.failures = 1;
  assert.equal((await fixture.acknowledge([{ id: "a" }]))[0]!.seq, 2);
  await settle();
  assert.equal(fixture.store.batches.length, 2);
});

Deno.test("publishers cannot say that an alert is acknowledged", () => {
  for (const key of ["acknowledgedBy", "acknowledgedAt"]) {
    assert.throws(() => submission(riskAlert("a", { [key]: iso(0) })), /acknowledged/);
  }
});

Deno.test("an id that another trader uses is another incident, which nobody has acknowledged", async () => {
  const fixture = new Fixture();
  await fixture.publish([riskAlert("r", { traderId: "42" })]);
  await fixture.acknowledge([{ id: "r" }], "desk");
  await fixture.publish([riskAlert("r", { traderId: "43" })]);
  await fixture.publish([riskAlert("r", { traderId: null })]);
  await fixture.publish([riskAlert("r", { traderId: null })]);
  const marks = fixture.alerts.map(([, { status, acknowledgedBy }]) => [status, acknowledgedBy]);
  assert.deepEqual(marks, [
    ["ACTIVE", undefined],
    ["ACKNOWLEDGED", "desk"],
    ["ACTIVE", undefined],
    ["ACTIVE", undefined],
    ["ACTIVE", undefined],
  ]);
  await fixture.acknowledge([{ id: "r" }], "desk");
  await fixture.publish([riskAlert("r", { traderId: null })]);
  assert.equal(fixture.alerts.at(-1)![1].status, "ACKNOWLEDGED");
});
