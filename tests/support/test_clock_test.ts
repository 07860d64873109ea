import assert from "node:assert/strict";
import { TEST_EPOCH, TestClock } from "./test_clock.ts";

Deno.test("TestClock runs timers in the order in which they are due, each at its own moment", () => {
  const clock = new TestClock();
  const seen: [string, number][] = [];
  const note = (name: string) => () => void seen.push([name, clock.now()]);
  clock.setTimeout(note("late"), 30);
  clock.setTimeout(() => {
    note("early")();
    clock.setTimeout(note("nested"), 5);
  }, 10);
  clock.setTimeout(note("same moment"), 10);
  clock.clearTimeout(clock.setTimeout(note("cancelled"), 1));
  clock.defer(note("deferred"));
  clock.advance(29);
  assert.deepEqual(seen, [["deferred", 0], ["early", 10], ["same moment", 10], ["nested", 15]]);
  assert.deepEqual([clock.now(), clock.epochMillis()], [29, TEST_EPOCH + 29]);
  assert.equal(clock.pendingTimers, 1);
});

Deno.test("TestClock.advanceAsync() lets promises settle between timers", async () => {
  const clock = new TestClock();
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
  const loop = (async () => {
    for (let round = 0; round < 5; round++) await pause(10);
    return clock.now();
  })();
  await clock.advanceAsync(50);
  assert.equal(await loop, 50);
  assert.equal(clock.pendingTimers, 0);
});
