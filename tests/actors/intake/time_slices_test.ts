import assert from "node:assert/strict";
import { SLICE_MILLIS, TimeSlices } from "../../../actors/intake/time_slices.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A clock that computations move by hand; its turns end when the test says so. */
class TurnClock extends TestClock {
  millis = 0;
  #deferred: (() => void)[] = [];

  override now(): number {
    return this.millis;
  }

  override defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  endTurn(): void {
    for (const callback of this.#deferred.splice(0)) callback();
  }
}

/** Computations that take time. */
class Fixture {
  readonly clock = new TurnClock();
  readonly ran: string[] = [];
  hasRoom = true;
  readonly slices = new TimeSlices(this.clock, () => this.hasRoom);

  /** Adds a computation of so many steps of a millisecond. */
  add(name: string, steps: number, owner = name, source = ""): void {
    this.slices.add(owner, source, this.#work(name, steps));
  }

  *#work(name: string, steps: number): Generator<void, void> {
    for (let step = 1; step <= steps; step++) {
      this.clock.millis += 1;
      this.ran.push(name);
      if (step < steps) yield;
    }
  }

  get order(): string {
    return this.ran.join("");
  }
}

Deno.test("what fits into a turn runs at once, and sets no timer when it takes no time", () => {
  const clock = new TestClock();
  let ran = false;
  new TimeSlices(clock, () => true).add(
    "a",
    "",
    (function* () {
      ran = true;
      yield;
    })(),
  );
  assert.equal(ran, true);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a turn of the loop is held for one slice, however many wait", () => {
  const fixture = new Fixture();
  fixture.add("a", 10);
  for (const name of "bcdefgh") fixture.add(name, 1);
  assert.equal(fixture.order, "a".repeat(SLICE_MILLIS));
  fixture.clock.endTurn();
  assert.equal(fixture.ran.length, 2 * SLICE_MILLIS);
  for (let turn = 0; turn < 10; turn++) fixture.clock.endTurn();
  assert.equal(fixture.ran.length, 17);
});

Deno.test("owners take turns: one that computes for long does not hold up another", () => {
  const fixture = new Fixture();
  for (let index = 0; index < 60; index++) fixture.add("a", 4, "flood", String(index));
  fixture.add("b", 1, "healthy");
  fixture.clock.endTurn();
  fixture.clock.endTurn();
  // One slice ran as it was added, another was next; then it is the other owner's turn.
  assert.equal(fixture.order, "aaaaaaaabaaa");
});

Deno.test("the sources of an owner take turns, and those of one source keep their order", () => {
  const fixture = new Fixture();
  for (const name of ["1", "2", "3"]) fixture.add(name, 4, "owner", "x");
  fixture.add("y", 4, "owner", "y");
  for (let turn = 0; turn < 5; turn++) fixture.clock.endTurn();
  assert.equal(fixture.order, "11112222yyyy3333");
});

Deno.test("nothing is begun while there is no room for what comes of it", () => {
  const fixture = new Fixture();
  fixture.hasRoom = false;
  fixture.add("a", 1);
  fixture.clock.endTurn();
  assert.equal(fixture.order, "");
  fixture.hasRoom = true;
  fixture.slices.resume();
  assert.equal(fixture.order, "a");
});

Deno.test("a computation that fails does not end the others", () => {
  const fixture = new Fixture();
  function* failing(): Generator<void, void> {
    if (fixture.ran.length === 0) throw new Error("a bug");
    yield;
  }
  assert.throws(() => fixture.slices.add("bad", "", failing()));
  fixture.add("a", 1);
  assert.equal(fixture.order, "a");
});
