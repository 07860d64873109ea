import assert from "node:assert/strict";
import { COALESCE_MILLIS, MAX_SUBJECTS, Warnings } from "../../../actors/health/warnings.ts";
import { PublishError } from "../../../actors/operations.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { SystemWarning } from "../../../protocol/events/system_warning.ts";
import { WARNINGS } from "../../../protocol/warning_codes.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { settle, TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

class Fixture {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly published: SystemWarning[] = [];
  readonly announced: SystemWarning[] = [];
  failure: PublishError | undefined;
  readonly warnings = new Warnings({
    clock: this.clock,
    streams: new Map([["system-warnings", { spec: PRODUCT_CHANNELS.get("system-warnings") }]]),
    log: this.log,
    announce: (warning) => void this.announced.push(warning),
    eventLog: {
      append: (principal, entries) => {
        assert.equal(principal, "gateway");
        if (this.failure !== undefined) return Promise.reject(this.failure);
        for (const entry of entries) {
          assert.ok("draft" in entry);
          const { draft, identity } = entry;
          assert.equal(draft.channel, "system-warnings");
          assert.equal(identity, undefined);
          const { timestamp, ...payload } = JSON.parse(draft.data);
          assert.equal(timestamp, Date.parse(payload.createdAt));
          this.published.push(SystemWarning.parse(payload));
        }
        return Promise.resolve({ accepted: entries.length, duplicates: 0, last: {} });
      },
    },
  });

  /** Lets time pass, looking four times a second. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 250) {
      this.clock.advance(Math.min(250, ms - passed));
      this.warnings.poll();
    }
  }

  slow(subject: string, details = {}): void {
    this.warnings.raise("SLOW_CONSUMER", subject, `client ${subject} is too slow`, details);
  }

  /** Code and count of what was published since the last call. */
  take(): string[] {
    return this.published.splice(0).map(({ code, details }) => `${code} ${details["count"]}`);
  }
}

const MINUTE = TEST_EPOCH / COALESCE_MILLIS;

Deno.test("the first warning goes out at once, whole", () => {
  const fixture = new Fixture();
  fixture.clock.advance(1_500);
  fixture.slow("desk/a", { principal: "desk" });
  assert.deepEqual(fixture.published, [{
    id: `SLOW_CONSUMER:desk/a:${MINUTE}`,
    severity: "WARNING",
    code: "SLOW_CONSUMER",
    message: "client desk/a is too slow",
    details: { principal: "desk", count: "1" },
    createdAt: "2026-01-01T00:00:01.500Z",
  }]);
  assert.deepEqual(fixture.announced, []);
});

Deno.test("what follows within the minute is one event at its end, the latest, with the count", () => {
  const fixture = new Fixture();
  fixture.slow("a");
  for (let i = 1; i <= 3; i++) {
    fixture.pass(10_000);
    fixture.slow("a", { i });
  }
  assert.deepEqual(fixture.take(), ["SLOW_CONSUMER 1"]);
  fixture.pass(COALESCE_MILLIS - 30_000 - 250);
  assert.deepEqual(fixture.take(), []);
  fixture.pass(250);
  const [warning] = fixture.published;
  assert.deepEqual(warning!.details, { i: "3", count: "3" });
  assert.deepEqual(fixture.take(), ["SLOW_CONSUMER 3"]);
});

Deno.test("while it goes on there is one event a minute, all of one incident", () => {
  const fixture = new Fixture();
  for (let second = 0; second < 600; second++) {
    fixture.slow("a");
    fixture.pass(1_000);
  }
  fixture.pass(COALESCE_MILLIS);
  const counts = fixture.published.map(({ details }) => Number(details["count"]));
  assert.equal(counts.reduce((sum, count) => sum + count), 600, "every one is counted");
  assert.equal(counts.length, 11, "the first and one for each minute");
  assert.equal(new Set(fixture.published.map(({ id }) => id)).size, 1);
});

Deno.test("after a quiet minute it is another incident, and goes out at once", () => {
  const fixture = new Fixture();
  fixture.slow("a");
  fixture.pass(COALESCE_MILLIS);
  fixture.slow("a");
  assert.deepEqual(fixture.published.map(({ id }) => id), [
    `SLOW_CONSUMER:a:${MINUTE}`,
    `SLOW_CONSUMER:a:${MINUTE + 1}`,
  ]);
});

Deno.test("subjects and codes do not hold up each other", () => {
  const fixture = new Fixture();
  fixture.slow("a");
  fixture.slow("b");
  fixture.warnings.raise("STALE_CHANNEL", "a", "stale");
  assert.deepEqual(fixture.take(), ["SLOW_CONSUMER 1", "SLOW_CONSUMER 1", "STALE_CHANNEL 1"]);
});

Deno.test("what waits is withdrawn when the contrary is raised: the last word is always true", () => {
  const fixture = new Fixture();
  const raise = (code: "STALE_CHANNEL" | "FRESH_CHANNEL") =>
    fixture.warnings.raise(code, "market-data", code);
  raise("STALE_CHANNEL");
  fixture.pass(5_000);
  raise("FRESH_CHANNEL");
  for (let i = 0; i < 3; i++) {
    fixture.pass(5_000);
    raise("STALE_CHANNEL");
    fixture.pass(5_000);
    raise("FRESH_CHANNEL");
  }
  assert.deepEqual(fixture.take(), ["STALE_CHANNEL 1", "FRESH_CHANNEL 1"]);
  fixture.pass(COALESCE_MILLIS);
  assert.deepEqual(fixture.take(), ["FRESH_CHANNEL 3"]);
});

Deno.test("more subjects than are told apart share an entry, and other codes keep theirs", () => {
  const fixture = new Fixture();
  for (let i = 0; i < MAX_SUBJECTS + 50; i++) fixture.slow(`client-${i}`);
  assert.equal(fixture.published.length, MAX_SUBJECTS + 1);
  const others = fixture.published.at(-1)!;
  assert.equal(others.message, WARNINGS.SLOW_CONSUMER.meaning);
  fixture.take();
  fixture.slow("client-3");
  fixture.warnings.raise("STALE_CHANNEL", "market-data", "stale");
  assert.deepEqual(fixture.take(), ["STALE_CHANNEL 1"]);
  fixture.pass(COALESCE_MILLIS);
  assert.deepEqual(fixture.take(), ["SLOW_CONSUMER 1", "SLOW_CONSUMER 49"]);
  fixture.pass(COALESCE_MILLIS);
  fixture.slow("client-new");
  assert.equal(fixture.published.at(-1)!.message, "client client-new is too slow");
});

Deno.test("what cannot be stored is announced; that is logged once a minute and throws nothing", async () => {
  const fixture = new Fixture();
  fixture.failure = new PublishError("STORE_UNAVAILABLE", "the store cannot take events now");
  for (const subject of ["a", "b", "c"]) fixture.slow(subject);
  await settle();
  assert.deepEqual(fixture.published, []);
  assert.deepEqual(
    fixture.announced.map(({ id }) => id),
    ["a", "b", "c"].map((subject) => `SLOW_CONSUMER:${subject}:${MINUTE}`),
  );
  assert.equal(fixture.log.find({ message: "warnings are not stored" }).length, 1);
  fixture.pass(COALESCE_MILLIS);
  fixture.slow("a");
  await settle();
  assert.equal(fixture.log.find({ message: "warnings are not stored" }).length, 2);
});

Deno.test("what is announced is not published", () => {
  const fixture = new Fixture();
  fixture.warnings.announce("STORE_FAILING", "store", "events cannot be stored");
  assert.deepEqual(fixture.published, []);
  const [warning] = fixture.announced;
  assert.equal(warning!.id, `STORE_FAILING:store:${MINUTE}`);
  assert.equal(warning!.severity, "CRITICAL");
  assert.deepEqual(SystemWarning.parse(warning), warning);
});

Deno.test("the longest subject there can be makes a valid id", () => {
  const fixture = new Fixture();
  fixture.slow(`${"k".repeat(64)}/${"🦀".repeat(64)}`);
  const [{ id }] = fixture.published as [SystemWarning];
  assert.ok(id.isWellFormed());
  assert.ok(id.endsWith(`:${MINUTE}`));
});

Deno.test("every event is a line of the log, as severe as the event", () => {
  const fixture = new Fixture();
  fixture.slow("a");
  fixture.slow("a");
  fixture.warnings.raise("FRESH_CHANNEL", "market-data", "market-data is fresh again");
  fixture.warnings.announce("STORE_FAILING", "store", "events cannot be stored");
  assert.deepEqual(fixture.log.lines.map(({ level, properties }) => [level, properties["code"]]), [
    ["warn", "SLOW_CONSUMER"],
    ["info", "FRESH_CHANNEL"],
    ["error", "STORE_FAILING"],
  ]);
});
