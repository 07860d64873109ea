import assert from "node:assert/strict";
import { UNWATCHED_GRACE_MILLIS, Watchers } from "../../../actors/health/watchers.ts";
import { WARNINGS } from "../../../protocol/warning_codes.ts";
import { TestClock } from "../../support/test_clock.ts";
import { Streams } from "./streams.ts";

class Fixture {
  readonly clock = new TestClock();
  readonly streams = new Streams();
  readonly told: unknown[] = [];
  readonly watchers = new Watchers({
    clock: this.clock,
    stream: this.streams.get("risk-alerts")!,
    countReaders: () => this.streams.readers.get("risk-alerts") ?? 0,
    onUnwatched: (absence) => void this.told.push({ unwatched: absence }),
    onWatched: (absence) => void this.told.push({ watched: absence }),
  });

  poll(ms = 0): void {
    this.clock.advance(ms);
    this.watchers.poll();
  }

  take(): unknown[] {
    return this.told.splice(0);
  }
}

Deno.test("nobody is worth a warning after the grace period, and only once in a quiet night", () => {
  const fixture = new Fixture();
  fixture.poll(UNWATCHED_GRACE_MILLIS - 1);
  assert.deepEqual(fixture.take(), []);
  fixture.poll(1);
  assert.deepEqual(fixture.take(), [{
    unwatched: { millis: UNWATCHED_GRACE_MILLIS, unseen: 0 },
  }]);
  const { meaning } = WARNINGS.NOBODY_WATCHING;
  assert.ok(meaning.endsWith(`for ${UNWATCHED_GRACE_MILLIS / 1_000} seconds`), meaning);
  fixture.poll(8 * 3_600_000);
  assert.deepEqual(fixture.take(), []);
});

Deno.test("a user interface that is back within the grace period raises nothing", () => {
  const fixture = new Fixture();
  const leave = fixture.streams.join("risk-alerts");
  fixture.poll(UNWATCHED_GRACE_MILLIS * 2);
  leave();
  fixture.poll();
  fixture.poll(UNWATCHED_GRACE_MILLIS - 1);
  fixture.streams.join("risk-alerts");
  fixture.poll();
  fixture.poll(UNWATCHED_GRACE_MILLIS * 2);
  assert.deepEqual(fixture.take(), [], "neither a warning nor an all-clear");
});

Deno.test("each alert that nobody sees is told again, with how many there were", () => {
  const fixture = new Fixture();
  fixture.streams.append("risk-alerts");
  fixture.poll(UNWATCHED_GRACE_MILLIS);
  assert.deepEqual(fixture.take(), [{
    unwatched: { millis: UNWATCHED_GRACE_MILLIS, unseen: 1 },
  }]);
  fixture.poll(1_000);
  assert.deepEqual(fixture.take(), []);
  fixture.streams.append("risk-alerts");
  fixture.streams.append("risk-alerts");
  fixture.poll(1_000);
  const millis = UNWATCHED_GRACE_MILLIS + 2_000;
  assert.deepEqual(fixture.take(), [{ unwatched: { millis, unseen: 3 } }]);
});

Deno.test("the all-clear follows a warning, and every absence starts anew", () => {
  const fixture = new Fixture();
  fixture.streams.append("risk-alerts");
  for (const unseen of [1, 0, 0]) {
    fixture.poll();
    fixture.poll(UNWATCHED_GRACE_MILLIS);
    const millis = UNWATCHED_GRACE_MILLIS;
    assert.deepEqual(fixture.take(), [{ unwatched: { millis, unseen } }]);
    const leave = fixture.streams.join("risk-alerts");
    fixture.poll(500);
    assert.deepEqual(fixture.take(), [{ watched: { millis: millis + 500, unseen } }]);
    leave();
  }
});
