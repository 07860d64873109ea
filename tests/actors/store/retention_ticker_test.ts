import assert from "node:assert/strict";
import type { Logger } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import {
  RETENTION_MILLIS,
  RETENTION_PAUSE_MILLIS,
  RetentionTicker,
} from "../../../actors/store/retention_ticker.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A store whose steps of retention end as the test says. */
class ScriptedStore extends MemoryStore {
  readonly calls: number[] = [];

  constructor(readonly script: (boolean | Error)[]) {
    super(10);
  }

  override retain(epochMillis: number): Promise<boolean> {
    this.calls.push(epochMillis);
    const outcome = this.script.shift() ?? false;
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
  }
}

function fixture(script: (boolean | Error)[]) {
  const clock = new TestClock();
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const log: Logger = { debug: () => {}, info: () => {}, warn, error: warn };
  const store = new ScriptedStore(script);
  return { clock, warnings, store, ticker: new RetentionTicker(clock, log, store, 3_600_000) };
}

Deno.test("while there is more to forget, steps follow each other after short pauses", async () => {
  const { clock, store, ticker } = fixture([true, true, false]);
  const start = clock.epochMillis();
  await clock.advanceAsync(RETENTION_MILLIS * 2 + RETENTION_PAUSE_MILLIS * 2);
  assert.deepEqual(store.calls.map((at) => at - start), [
    RETENTION_MILLIS,
    RETENTION_MILLIS + RETENTION_PAUSE_MILLIS,
    RETENTION_MILLIS + RETENTION_PAUSE_MILLIS * 2,
    RETENTION_MILLIS * 2 + RETENTION_PAUSE_MILLIS * 2,
  ]);
  ticker.stop();
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a store that fails is tried again, and complained about once", async () => {
  const full = new Error("full");
  const { clock, store, warnings, ticker } = fixture([full, full, false, full]);
  await clock.advanceAsync(RETENTION_MILLIS * 3);
  assert.deepEqual([store.calls.length, warnings.length], [3, 1]);
  await clock.advanceAsync(RETENTION_MILLIS);
  assert.equal(warnings.length, 2);
  ticker.stop();
});

Deno.test("nothing is armed after a stop, also when a step was under way", async () => {
  const { clock, store, ticker } = fixture([true]);
  clock.advance(RETENTION_MILLIS);
  ticker.stop();
  await clock.advanceAsync(RETENTION_MILLIS);
  assert.equal(store.calls.length, 1);
  assert.equal(clock.pendingTimers, 0);
});
