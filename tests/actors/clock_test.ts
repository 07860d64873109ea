import assert from "node:assert/strict";
import fc from "fast-check";
import { ClockWatch, STEP_MILLIS } from "../../actors/clock_watch.ts";
import { foldAlert, recoverIncidents } from "../../actors/log/incident_fold.ts";
import { Incidents } from "../../actors/log/incidents.ts";
import { SteadyTime } from "../../actors/steady_time.ts";
import { AgeMarks } from "../../actors/store/age_marks.ts";
import { MemoryStore } from "../../actors/store/memory.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { SystemClock } from "../../actors/system_clock.ts";
import { PAUSE_MILLIS, PauseGuard, READING_MILLIS } from "../../actors/hub/pause_guard.ts";
import { events, HOUR, retainAll, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { TEST_EPOCH, TestClock } from "../support/test_clock.ts";
import { emission } from "./log/incidents_model.ts";

function machine(uptime = true) {
  const time = { monotonic: 1_234, wall: TEST_EPOCH, boot: 99_700 };
  const clock = new SystemClock({
    monotonicMillis: () => time.monotonic,
    epochMillis: () => time.wall,
    uptimeSeconds: uptime ? () => Math.floor(time.boot / 1_000) : undefined,
  });
  const pass = (ms: number) => {
    time.monotonic += ms;
    time.wall += ms;
    time.boot += ms;
  };
  const suspend = (ms: number) => {
    time.wall += ms;
    time.boot += ms;
  };
  return { time, clock, pass, suspend };
}

Deno.test("suspend counts as elapsed time, and is no step", () => {
  const { clock, pass, suspend } = machine();
  const steps: number[] = [];
  const watch = new ClockWatch(clock, (ms) => steps.push(ms));
  const from = clock.now();
  for (let look = 0; look < 50; look++) {
    pass(250);
    watch.check();
  }
  assert.equal(clock.now() - from, 12_500);
  suspend(HOUR);
  watch.check();
  assert.ok(Math.abs(clock.now() - from - 12_500 - HOUR) <= 1_000);
  assert.deepEqual(steps, []);
});

Deno.test("a step is no elapsed time, and is reported once, in both directions", () => {
  const { time, clock, pass } = machine();
  const steps: number[] = [];
  const watch = new ClockWatch(clock, (ms) => steps.push(ms));
  const from = clock.now();
  for (const step of [HOUR, -HOUR, STEP_MILLIS / 2]) {
    time.wall += step;
    for (let look = 0; look < 4; look++) watch.check();
    pass(250);
  }
  assert.deepEqual(steps, [HOUR, -HOUR]);
  assert.equal(clock.now() - from, 750);
});

Deno.test("without the permission a suspend looks like a step", () => {
  const { clock, suspend } = machine(false);
  const steps: number[] = [];
  const watch = new ClockWatch(clock, (ms) => steps.push(ms));
  suspend(HOUR);
  watch.check();
  assert.deepEqual([steps, clock.seesSuspend], [[HOUR], false]);
});

Deno.test("property: steps of the wall clock do not change the incidents that a history tells", () => {
  const history = fc.array(
    fc.record({
      after: fc.nat(4_000),
      step: fc.oneof(fc.constant(0), fc.integer({ min: -1e9, max: 1e9 })),
      suspend: fc.oneof(fc.constant(0), fc.nat(4_000)),
      acknowledge: fc.boolean(),
    }),
    { maxLength: 20 },
  );
  const tell = (turns: readonly { [key: string]: number | boolean }[], steps: boolean) => {
    const clock = new TestClock();
    const steady = new SteadyTime(clock);
    const incidents = new Incidents(2);
    return turns.map(({ after, step, suspend, acknowledge }, index) => {
      clock.advance(after as number);
      clock.suspend(suspend as number);
      if (steps) clock.step(step as number);
      const staged = incidents.stage();
      const acceptedAt = steady.now();
      const events = [staged.emit(emission("a", index + 1, clock.epochMillis()), acceptedAt)];
      const incident = staged.find("a")!;
      if (acknowledge && incident.acknowledgement === undefined) {
        events.push(staged.acknowledge(incident, "desk", index + 1, clock.epochMillis()));
      }
      for (const event of events) foldAlert(incidents, { ...event, acceptedAt });
      const { first, acknowledgement } = incidents.find("a")!;
      return [first, acknowledgement?.by];
    });
  };
  fc.assert(fc.property(history, (turns) => {
    assert.deepEqual(tell(turns, true), tell(turns, false));
  }));
});

Deno.test("an incident dated in the future by an earlier process is in doubt: the next emission is active", () => {
  const incidents = new Incidents(300);
  const staged = incidents.stage();
  const emitted = staged.emit(emission("a", 1, TEST_EPOCH + HOUR));
  const marked = staged.acknowledge(staged.find("a")!, "desk", 2, TEST_EPOCH + HOUR);
  recoverIncidents(incidents, [emitted.stored, marked.stored]);
  incidents.distrust(TEST_EPOCH);
  const again = incidents.stage().emit(emission("a", 3, TEST_EPOCH + 1));
  assert.equal(JSON.parse(again.stored.data).status, "ACTIVE");
});

Deno.test("events of this process are forgotten by the time that elapsed, whatever their dates say", async () => {
  using directory = new TempDir();
  const retention = { events: 1_000_000, millis: HOUR };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  await store.commit(events("positions", 1, 10, { timestamp: TEST_EPOCH }));
  const clock = new TestClock();
  const steady = new SteadyTime(clock);
  const marks = new AgeMarks(store, HOUR, steady);
  const retain = async () => {
    const now = clock.now();
    while (await store.retain(steady.now(), marks.update(now)));
    return store.oldest("positions");
  };
  let seq = 10;
  for (const step of [240 * HOUR, -480 * HOUR, 240 * HOUR]) {
    clock.step(step);
    await store.commit(events("positions", seq + 1, seq + 10, { timestamp: clock.epochMillis() }));
    seq += 10;
    assert.equal(await retain(), 1, "a step deleted events");
    clock.advance(10_000);
  }
  clock.advance(HOUR - 30_000 + 1);
  assert.equal(await retain(), 21, "what was stored an hour ago is over");
  for (let n = 0; n < 300; n++) {
    clock.advance(HOUR / 256);
    await retain();
  }
  assert.equal(store.oldest("positions"), 40, "what this process stored is over, but the newest");
  await store.close();
});

Deno.test("a thousand events dated in the future do not keep what follows them", async () => {
  using directory = new TempDir();
  const retention = { events: 1_000_000, millis: HOUR };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  await store.commit(events("positions", 1, 1_000, { timestamp: TEST_EPOCH + 999 * HOUR }));
  await store.commit(events("positions", 1_001, 1_500, { timestamp: TEST_EPOCH }));
  await store.commit(events("positions", 1_501, 1_600, { timestamp: TEST_EPOCH + 2 * HOUR }));
  await retainAll(store, TEST_EPOCH + 2 * HOUR);
  assert.equal(store.oldest("positions"), 1_501);
  await store.close();
});

Deno.test("identities whose time is over come back when they are asked for: a clock may have been set", async () => {
  const store = new MemoryStore(10);
  const identity = {
    channel: "positions",
    seq: 1,
    principal: "p",
    eventId: "e",
    digest: "d",
  } as const;
  await store.commit([], [{ ...identity, expiresAt: 5 }]);
  const limits = { events: 1, characters: 1, recentKeys: 1 };
  const request = { ...limits, tombstoneMillis: 1, epochMillis: 10 };
  assert.equal((await store.restore(request)).identities.length, 0);
  const all = await store.restore({ ...request, expiredIdentities: true });
  assert.equal(all.identities.length, 1);
  await store.close();
});

Deno.test("after a pause nothing is judged until input was read, but a process that is always late judges", () => {
  const guard = new PauseGuard();
  assert.equal(guard.defers(250, 250), false);
  assert.equal(guard.defers(4_000, 4_000 - PAUSE_MILLIS), true);
  assert.equal(guard.defers(4_000 + READING_MILLIS - 1, 4_500), true);
  assert.equal(guard.defers(4_000 + READING_MILLIS, 5_000), false);
  const late = [1, 2, 3, 4].map((n) =>
    guard.defers(10_000 + n * 2_000, 10_000 + n * 2_000 - 1_500)
  );
  assert.deepEqual(late, [true, true, true, false]);
});
