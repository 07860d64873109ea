import assert from "node:assert/strict";
import { CELLS, FailureLevels } from "../../../actors/limits/failure_levels.ts";
import {
  FORGET_MILLIS,
  FREE_FAILURES,
  Lockout,
  MAX_FAILURES,
  MAX_HELD,
  MAX_LINES,
} from "../../../actors/limits/lockout.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";

/** Seeds with which the addresses of these tests share no cell by chance. */
const SEEDS = Uint32Array.of(1, 2);

const ADDRESS = "203.0.113.7";

function setUp() {
  const clock = new TestClock();
  const log = new RecordingLogger();
  const levels = new FailureLevels(FORGET_MILLIS, MAX_FAILURES, SEEDS);
  const lockout = new Lockout(clock, log, levels);
  /** For how long the answer to the next failure is held, in ms. */
  const holdOf = async (address = ADDRESS): Promise<number> => {
    const answer = lockout.fail(address);
    if (!(answer instanceof Promise)) return 0;
    const from = clock.now();
    let until = -1;
    answer.then(() => until = clock.now());
    while (until < 0) await clock.advanceAsync(1);
    return until - from;
  };
  return { clock, log, lockout, holdOf };
}

function fail(lockout: Lockout, address: string, times: number): void {
  for (let i = 0; i < times; i++) lockout.fail(address);
}

Deno.test("ten failures are answered at once, later ones are held twice as long each, up to a second", async () => {
  const { holdOf } = setUp();
  const holds: number[] = [];
  for (let i = 0; i < 16; i++) holds.push(await holdOf());
  assert.deepEqual(holds, [...Array(10).fill(0), 100, 200, 400, 800, 1_000, 1_000]);
});

Deno.test("a failure is forgotten after ten seconds, and all of them within five minutes", async () => {
  const { clock, lockout, holdOf } = setUp();
  fail(lockout, ADDRESS, FREE_FAILURES);
  clock.advance(10_000);
  assert.equal(await holdOf(), 0);
  assert.equal(await holdOf(), 100);
  fail(lockout, ADDRESS, 1_000);
  clock.advance(300_000);
  for (let i = 0; i < FREE_FAILURES; i++) assert.equal(await holdOf(), 0);
});

Deno.test("an address does not pay for another one, and an IPv6 network counts as one", async () => {
  const { lockout, holdOf } = setUp();
  fail(lockout, ADDRESS, 20);
  assert.equal(await holdOf("203.0.113.8"), 0);
  for (let i = 0; i < 20; i++) lockout.fail(`2001:db8::${i}`);
  assert.equal(await holdOf("2001:db8::ffff"), 1_000);
  assert.equal(await holdOf("2001:db8:0:1::1"), 0);
});

Deno.test("at most 200 answers are held at a time; one beyond goes out at once, and later ones are held again", async () => {
  const { clock, lockout, holdOf } = setUp();
  for (let i = 0; i < MAX_HELD; i++) {
    const address = `10.0.${i >> 8}.${i & 255}`;
    fail(lockout, address, FREE_FAILURES);
    assert.ok(lockout.fail(address) instanceof Promise);
  }
  assert.equal(MAX_HELD, 200);
  fail(lockout, ADDRESS, FREE_FAILURES);
  assert.equal(lockout.fail(ADDRESS), "unheld");
  assert.equal(lockout.stats.held, 200);
  await clock.advanceAsync(1_000);
  assert.equal(lockout.stats.held, 0);
  assert.ok(await holdOf() > 0);
  assert.deepEqual(lockout.stats.answers, { at_once: 201 * 10, held: 201, unheld: 1 });
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("many addresses do not push out the one that fails now", async () => {
  const { clock, lockout, holdOf } = setUp();
  fail(lockout, ADDRESS, 20);
  for (let i = 0; i < 200_000; i++) {
    lockout.fail(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    if (i % 20_000 === 0) clock.advance(100);
  }
  await clock.advanceAsync(1_000);
  assert.equal(await holdOf(), 1_000);
});

Deno.test("who spreads failures over more addresses than can be told apart is held as well", () => {
  const { clock, lockout } = setUp();
  const addresses = Array.from({ length: 4 * CELLS }, (_, i) => `2001:db8:${i.toString(16)}::1`);
  // Nine failures each are below what is free for an address of its own.
  for (let round = 0; round < 9; round++) for (const address of addresses) lockout.fail(address);
  assert.ok(lockout.stats.answers.unheld + lockout.stats.answers.held > 0);
  clock.advance(1_000);
});

Deno.test("levels of so many subjects as there are cells are right for most of them, and never too low", () => {
  const levels = new FailureLevels(FORGET_MILLIS, MAX_FAILURES, SEEDS);
  const subjects = Array.from({ length: CELLS }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  for (const subject of subjects) for (let i = 0; i < 3; i++) levels.raise(subject, 0);
  const found = subjects.map((subject) => levels.level(subject, 0));
  assert.ok(found.every((level) => level >= 3));
  const tooHigh = found.filter((level) => level > 3).length / CELLS;
  assert.ok(tooHigh < 0.4, `${tooHigh} of the levels are too high`);
});

Deno.test("an address that keeps failing is one line, and many of them are ten lines a minute", async () => {
  const { clock, log, lockout } = setUp();
  fail(lockout, ADDRESS, 100);
  assert.equal(log.lines.length, 1);
  assert.equal(log.lines[0]!.level, "warn");
  assert.equal(log.lines[0]!.properties["address"], ADDRESS);
  for (let i = 0; i < 50; i++) fail(lockout, `10.0.0.${i}`, FREE_FAILURES + 1);
  assert.equal(log.lines.length, MAX_LINES);
  await clock.advanceAsync(60_000);
  fail(lockout, "10.0.1.1", FREE_FAILURES + 1);
  assert.equal(log.lines.at(-1)!.properties["unwritten"], 41);
});
