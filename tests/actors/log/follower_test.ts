import assert from "node:assert/strict";
import { Follower, type FollowerSource, RETRY_MILLIS } from "../../../actors/log/follower.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { StoreError } from "../../../actors/store/sqlite/errors.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { storedEvent } from "../../support/stream_fixture.ts";
import { settle, TestClock } from "../../support/test_clock.ts";

/** A store whose reads fail when they are told to, and what a follower of it was told. */
class Fixture implements FollowerSource {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly told: string[] = [];
  epoch = "e1";
  stored: StoredEvent[] = [];
  /** What the next reads fail with. */
  failures: Error[] = [];
  reads = 0;

  head = () => ({ epoch: this.epoch, seq: this.stored.length });

  read = (_channel: string, afterSeq: number, limit: number) => {
    this.reads += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(this.stored.slice(afterSeq, afterSeq + limit));
  };

  restore = () => {
    const state = { ...this.head(), events: [], latest: [], horizon: 0 };
    return Promise.resolve(state);
  };

  /** Commits so many events, and hands them on. */
  commit(count: number, follower?: Follower): void {
    const events = Array.from({ length: count }, () => {
      const event = storedEvent("positions", this.stored.length + 1, "k");
      this.stored.push(event);
      return { stored: event };
    });
    follower?.take("positions", events);
  }

  follow(seq: number, epoch = "e1"): Follower {
    return new Follower(this, {
      appended: (_channel, events) =>
        void this.told.push(events.map(({ stored }) => stored.seq).join()),
      restarted: (_channel, state) =>
        void this.told.push(`restarted at ${state.epoch} ${state.seq}`),
    }, new Map([["positions", { epoch, seq }]]));
  }
}

Deno.test("a store that cannot be read is asked again after a second, and nothing is left out", async () => {
  const fixture = new Fixture();
  fixture.commit(3);
  fixture.failures = [new Error("busy"), new Error("busy")];
  const follower = fixture.follow(1);
  for (let attempt = 1; attempt <= 2; attempt++) {
    await fixture.clock.advanceAsync(0);
    assert.equal(fixture.reads, attempt);
    fixture.commit(1, follower);
    assert.deepEqual(fixture.told, [], "what came meanwhile waits for what is before it");
    await fixture.clock.advanceAsync(RETRY_MILLIS);
  }
  await settle();
  assert.deepEqual(fixture.told, ["2,3,4,5"]);
  fixture.commit(1, follower);
  assert.deepEqual(fixture.told, ["2,3,4,5", "6"]);
  assert.equal(fixture.log.lines.length, 2);
});

Deno.test("who comes to a damaged event begins anew after it", async () => {
  const fixture = new Fixture();
  fixture.commit(3);
  fixture.failures = [new StoreError("damaged", "event 2 is damaged")];
  const follower = fixture.follow(1);
  await fixture.clock.advanceAsync(0);
  fixture.commit(1, follower);
  assert.deepEqual(fixture.told, ["restarted at e1 3", "4"]);
});

Deno.test("of a change that it has found itself a follower is told once", async () => {
  const fixture = new Fixture();
  fixture.commit(3);
  const follower = fixture.follow(3);
  fixture.epoch = "e2";
  const other = fixture.follow(3);
  await fixture.clock.advanceAsync(0);
  assert.deepEqual(fixture.told.splice(0), ["restarted at e2 3"]);
  const state = await fixture.restore();
  other.restart("positions", state);
  assert.deepEqual(fixture.told, []);
  follower.restart("positions", state);
  assert.deepEqual(fixture.told, ["restarted at e2 3"]);
});

Deno.test("who stops while it waits leaves no timer, and is told nothing", async () => {
  const fixture = new Fixture();
  fixture.commit(3);
  fixture.failures = [new Error("busy")];
  const follower = fixture.follow(0);
  await fixture.clock.advanceAsync(0);
  follower.stop();
  await fixture.clock.advanceAsync(RETRY_MILLIS * 2);
  assert.deepEqual([fixture.reads, fixture.told], [1, []]);
});

Deno.test("what a follower has read before it is handed on is not told twice", async () => {
  const fixture = new Fixture();
  fixture.commit(2);
  const follower = fixture.follow(1);
  fixture.commit(2); // Committed, and not handed on yet.
  await fixture.clock.advanceAsync(0);
  assert.deepEqual(fixture.told.splice(0).join(), "2,3,4");
  const [third, fourth] = fixture.stored.slice(2);
  follower.take("positions", [{ stored: third! }, { stored: fourth! }]);
  const fifth = storedEvent("positions", 5, "k");
  fixture.stored.push(fifth);
  follower.take("positions", [{ stored: fourth! }, { stored: fifth }]);
  assert.deepEqual(fixture.told, ["5"]);
});
