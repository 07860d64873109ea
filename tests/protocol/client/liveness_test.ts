/**
 * Dead connections are noticed; sleeping ends are not taken for them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Liveness } from "../../../protocol/client/liveness.ts";
import { TestClock } from "../../support/test_clock.ts";

const TIMEOUT = 30_000;

/** A connection that is watched. */
function watched() {
  const clock = new LateClock();
  const probes: number[] = [];
  const deaths: number[] = [];
  const liveness = new Liveness(clock, {
    probe: () => probes.push(clock.now()),
    dead: () => deaths.push(clock.now()),
  });
  liveness.start(TIMEOUT);
  return { clock, probes, deaths, liveness };
}

/** A clock whose timers can come late, as in a throttled tab or after a sleep. */
class LateClock extends TestClock {
  #skew = 0;
  override now(): number {
    return super.now() + this.#skew;
  }
  /** Time passes without a timer being run. */
  sleep(ms: number): void {
    this.#skew += ms;
  }
}

Deno.test("Liveness asks after a second of silence, and gives up after the timeout", () => {
  const { clock, probes, deaths } = watched();
  clock.advance(TIMEOUT + 1);
  assert.deepEqual([probes, deaths], [[1_000], [TIMEOUT]]);
});

Deno.test("Liveness does not ask while messages come", () => {
  const { clock, probes, liveness } = watched();
  for (let step = 0; step < 100; step++) {
    clock.advance(900);
    liveness.heard(false);
  }
  assert.deepEqual(probes, []);
  liveness.stop();
});

Deno.test("Liveness asks a quiet gateway less and less often, until it speaks by itself", () => {
  const { clock, probes, liveness } = watched();
  for (let second = 0; second < 15; second++) {
    clock.advance(1_000);
    if (probes.at(-1) === clock.now()) liveness.heard(true);
  }
  assert.deepEqual(probes, [1_000, 3_000, 7_000, 15_000]);
  liveness.heard(false);
  clock.advance(1_000);
  assert.equal(probes.at(-1), 16_000);
  liveness.stop();
});

Deno.test("Liveness takes a sleep for a sleep: it asks, and waits the whole timeout again", () => {
  const { clock, probes, deaths, liveness } = watched();
  clock.sleep(3_600_000);
  clock.advance(1_000);
  assert.deepEqual([probes.length, deaths], [1, []]);
  clock.advance(TIMEOUT - 1);
  assert.deepEqual(deaths, []);
  liveness.heard(true);
  clock.advance(TIMEOUT - 1);
  assert.deepEqual(deaths, []);
  liveness.stop();
});

Deno.test("Liveness notices a dead connection after a sleep", () => {
  const { clock, deaths } = watched();
  clock.sleep(3_600_000);
  clock.advance(1_000 + TIMEOUT + 1);
  assert.equal(deaths.length, 1);
});

Deno.test("Liveness notices a dead connection where every timer comes a minute late", () => {
  const { clock, deaths } = watched();
  for (let wake = 0; wake < 4 && deaths.length === 0; wake++) {
    clock.sleep(60_000);
    clock.advance(TIMEOUT);
  }
  assert.equal(deaths.length, 1);
});

Deno.test("Liveness lets a live connection be where every timer comes a minute late", () => {
  const { clock, deaths, liveness } = watched();
  for (let wake = 0; wake < 50; wake++) {
    clock.sleep(60_000);
    clock.advance(TIMEOUT);
    liveness.heard(true);
  }
  assert.deepEqual(deaths, []);
  liveness.stop();
});

Deno.test("Liveness hears what waits behind its own timer before it gives up", () => {
  const { clock, deaths, liveness } = watched();
  clock.advance(TIMEOUT - 500);
  // Due at the same moment as the last check, and set after it: a message in the queue.
  clock.setTimeout(() => liveness.heard(true), 500);
  clock.advance(500);
  assert.deepEqual(deaths, []);
  liveness.stop();
});

Deno.test("Liveness asks at once when the page is back, and gives up after ten seconds", () => {
  const { clock, probes, deaths, liveness } = watched();
  clock.advance(500);
  liveness.wake();
  assert.deepEqual(probes, [500]);
  clock.advance(9_999);
  assert.deepEqual(deaths, []);
  clock.advance(2);
  assert.equal(deaths.length, 1);
});
